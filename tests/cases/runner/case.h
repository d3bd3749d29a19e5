// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "userspace/base/result.h"

namespace sluice::test {

/// One entry of a cases.yaml.
struct Case {
  std::string id;
  std::string scenario;  ///< folder with the rules
  nlohmann::json request, expect;
  bool differs = false;  ///< `expect` is what comes of it in this mode alone
};

/// What is read of a folder.
struct Selection {
  std::filesystem::path directory;
  std::vector<std::string> wanted = {};  ///< scenarios or ids; all when it is empty
  std::string http_mode = "istio";       ///< or "service"
};

/// The cases of DIR/cases.yaml, each with what is expected in the mode.
Result<std::vector<Case>> readCases(const Selection& selection);

/// Why a case is not run yet, by scenario or id. Lines of "NAME REASON", "#" begins a comment.
using SkipList = std::map<std::string, std::string>;
Result<SkipList> readSkipList(const std::filesystem::path& file);

/// The reason, or null.
const std::string* reasonToSkip(const SkipList& list, const Case& test);

}  // namespace sluice::test
