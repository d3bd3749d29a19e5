// SPDX-License-Identifier: Apache-2.0
// Istio's own configuration files are read as a cluster reads them.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/unit/source/cases.h"
#include "tests/unit/source/decoded.h"

namespace sluice::source {
namespace {

namespace fs = std::filesystem;

struct Upstream {
  std::string path, verdict;
};

class UpstreamFiles : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(folder_ / "upstream.tsv")) GTEST_SKIP() << "no cases in " << folder_;
  }

  std::vector<Upstream> files(const std::string& verdict) const {
    std::vector<Upstream> all;
    for (const auto& row : rowsOf(folder_ / "upstream.tsv")) {
      if (row.at(3) == verdict) all.push_back({row.at(0), row.at(3)});
    }
    return all;
  }

  DecodedFile decode(const std::string& path) const {
    return decodeFile({path, withoutWantedMessages(textOf(folder_ / path)), std::nullopt});
  }

  /// Files of the API server's tests say with `_err` what they want to hear.
  static std::string withoutWantedMessages(const std::string& text) {
    std::istringstream lines(text);
    std::string kept;
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with("_err:")) kept += line + "\n";
    }
    return kept;
  }

  fs::path folder_ = casesFolder();
};

TEST_F(UpstreamFiles, AcceptedOnesHaveNoError) {
  for (const char* verdict : {"accept", "accept each", "warn IST0130"}) {
    for (const Upstream& file : files(verdict)) {
      const DecodedFile decoded = decode(file.path);
      EXPECT_FALSE(hasError(decoded.diagnostics)) << file.path << "\n"
                                                  << textOf(decoded.diagnostics);
      for (const Document& document : decoded.documents) {
        EXPECT_TRUE(document.resource().has_value())
            << file.path << " " << document.id().text() << "\n"
            << textOf(document.diagnostics());
      }
    }
  }
}

TEST_F(UpstreamFiles, EachDocumentOfTheInvalidOnesIsRefused) {
  for (const Upstream& file : files("reject each")) {
    const DecodedFile decoded = decode(file.path);
    EXPECT_GT(decoded.documents.size(), 2U) << file.path;
    for (const Document& document : decoded.documents) {
      EXPECT_FALSE(document.resource().has_value()) << file.path << " " << document.id().text();
      for (const Diagnostic& finding : document.diagnostics()) {
        if (finding.level != Diagnostic::Level::kError) continue;
        EXPECT_EQ(finding.code, "IST0106");
      }
    }
  }
}

TEST_F(UpstreamFiles, RemovedFieldIsRefusedAndItsNeighboursAreRead) {
  for (const Upstream& file : files("reject")) {
    const DecodedFile decoded = decode(file.path);
    size_t refused = 0;
    for (const Document& document : decoded.documents) {
      if (document.resource()) continue;
      ++refused;
      EXPECT_EQ(document.id().kind, "VirtualService");
      EXPECT_TRUE(document.diagnostics().at(0).field.ends_with("websocketUpgrade"));
    }
    EXPECT_GT(refused, 0U) << file.path;
    EXPECT_LT(refused, decoded.documents.size()) << file.path;
  }
}

TEST_F(UpstreamFiles, AnalyzedOnesAreYaml) {
  for (const Upstream& file : files("analyze")) {
    EXPECT_TRUE(decode(file.path).readable) << file.path;
  }
}

TEST_F(UpstreamFiles, TemplatesAreNoYamlOrNoResource) {
  for (const Upstream& file : files("template")) {
    const DecodedFile decoded = decode(file.path);
    EXPECT_TRUE(hasError(decoded.diagnostics) ||
                std::ranges::any_of(decoded.documents,
                                    [](const Document& d) { return !d.resource().has_value(); }))
        << file.path;
  }
}

}  // namespace
}  // namespace sluice::source
