// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "userspace/cli/explanation_lines.h"

namespace sluice::cli {

/// The policies of an explanation, one line each, with the place that each was written in.
void printPolicy(const Lines& lines, const observe::Json& policy);

}  // namespace sluice::cli
