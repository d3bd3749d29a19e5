// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "userspace/base/result.h"
#include "userspace/source/document.h"

namespace sluice::source {

/// Whether a file of this name is configuration: *.yaml or *.yml, not hidden.
bool isConfigName(std::string_view name);

/// Reads a file, at most kMaxFileBytes and one byte, so that a larger one is noticed. A failure is
/// in the result. Follows symlinks; anything but a regular file is refused.
SourceFile readSourceFile(const std::string& path);

/// Reads the configuration files of one directory, not of those below it, sorted by name.
/// Fails when the directory cannot be listed or has more than kMaxFiles of them. A file with which
/// they have more than kMaxDirectoryBytes is unreadable, and so are those behind it.
Result<std::vector<SourceFile>> readDirectory(const std::string& directory);

}  // namespace sluice::source
