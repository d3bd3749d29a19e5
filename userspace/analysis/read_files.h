// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "userspace/source/document.h"

namespace sluice::analysis {

/// Reads each file of `paths`; of directories *.yaml, *.yml and *.json, also in folders below
/// them, hidden ones left out; "-" is standard input. A path that is named twice is read once.
/// What cannot be read is in the result and says why.
std::vector<source::SourceFile> readFiles(const std::vector<std::string>& paths);

}  // namespace sluice::analysis
