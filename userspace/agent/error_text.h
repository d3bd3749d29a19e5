// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "userspace/base/result.h"

namespace sluice::agent {

/// An error with its hint, for a line of the log.
inline std::string withHint(const Error& error) {
  return error.hint().empty() ? error.message() : error.message() + "; " + error.hint();
}

}  // namespace sluice::agent
