// SPDX-License-Identifier: Apache-2.0
// Reads the lists of the conformance cases.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "userspace/model/diagnostic.h"

namespace sluice::source {

inline std::filesystem::path casesFolder() {
  const char* chosen = std::getenv("SLUICE_SHARED_CASES");
  return chosen != nullptr ? chosen : SLUICE_SHARED_CASES;
}

/// The rows of a file of tab-separated columns, without its heading.
inline std::vector<std::vector<std::string>> rowsOf(const std::filesystem::path& path) {
  std::vector<std::vector<std::string>> rows;
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream columns(line);
    auto& row = rows.emplace_back();
    for (std::string column; std::getline(columns, column, '\t');) row.push_back(column);
  }
  return rows;
}

inline std::string textOf(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// One finding per line, for messages of tests.
inline std::string textOf(const Diagnostics& diagnostics) {
  std::string lines;
  for (const auto& d : diagnostics) {
    lines += "  " + d.code + " " + d.field + " " + d.position.text() + ": " + d.message + "\n";
  }
  return lines;
}

}  // namespace sluice::source
