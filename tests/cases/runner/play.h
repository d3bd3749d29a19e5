// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "tests/cases/runner/case_lab.h"

namespace sluice::test {

/// Plays cases one after the other, in one lab.
class Player {
 public:
  /// `all`: every case that may be played, so that the lab has who is needed.
  static Result<Player> create(const std::vector<Case>& all, std::filesystem::path directory,
                               const std::string& http_mode);

  struct Verdict {
    bool passed = false;
    std::string line;  ///< for the reader
  };
  Verdict play(const Case& test);

 private:
  Player(CaseLab lab, std::filesystem::path directory)
      : lab_(std::move(lab)), directory_(std::move(directory)) {}
  Result<std::vector<std::string>> problems(const Case& test);

  CaseLab lab_;
  std::filesystem::path directory_;
};

}  // namespace sluice::test
