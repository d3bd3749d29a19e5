// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "userspace/cli/explanation_lines.h"

namespace sluice::cli {

/// The policies of an explanation, one line each, with the place that each was written in.
void printPolicy(const Lines& lines, const observe::Json& policy);

/// "request remove x-a, set x-b: 1; response add x-c: 2", in the order in which it is done.
std::string headersText(const observe::Json& headers);

}  // namespace sluice::cli
