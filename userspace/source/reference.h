// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace sluice::source {

/// The page docs/reference/resources.md: every kind, message and field that is read.
std::string resourcesPage();

}  // namespace sluice::source
