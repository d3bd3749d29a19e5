// SPDX-License-Identifier: Apache-2.0
// Plays the cases of a folder as real traffic; see tests/cases/README.md.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "tests/cases/runner/parallel.h"
#include "tests/cases/runner/play.h"

namespace sluice::test {
namespace {

struct Options {
  std::filesystem::path directory;
  std::vector<std::string> wanted;
  std::string skip_file;
  std::string http_mode = "istio";
  size_t jobs = 4;
  bool optional = false;
  bool only_differing = false;
};

constexpr int kBadData = 65;
constexpr int kNoRights = 77;
constexpr int kSkipped = 4;  ///< as ctest is told

void print(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

int failed(const Error& error) {
  std::fprintf(stderr, "case-runner: %s\n", error.message().c_str());
  return kBadData;
}

int playAll(const Options& options) {
  if (options.optional && !std::filesystem::exists(options.directory / "cases.yaml")) {
    print("skipped: there are no cases in " + options.directory.string());
    return kSkipped;
  }
  auto cases = readCases({options.directory, options.wanted, options.http_mode});
  if (!cases) return failed(cases.error());
  if (options.only_differing) std::erase_if(*cases, [](const Case& test) { return !test.differs; });
  SkipList skip;
  if (!options.skip_file.empty()) {
    auto list = readSkipList(options.skip_file);
    if (!list) return failed(list.error());
    skip = *std::move(list);
  }
  std::vector<Case> played;
  for (auto& test : *cases) {
    const auto* reason = reasonToSkip(skip, test);
    if (reason != nullptr)
      print("not yet " + test.id + " " + test.scenario + ": " + *reason);
    else
      played.push_back(std::move(test));
  }
  auto scores = playInParallel(options.jobs, played, options.directory, options.http_mode, print);
  if (!scores) return failed(scores.error());
  print(std::to_string(scores->passed) + " passed, " + std::to_string(scores->failed) + " failed");
  return scores->failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace sluice::test

int main(int argc, char** argv) {
  CLI::App app("Plays cases of Istio's rules as real traffic against sluiced. Needs root.");
  sluice::test::Options options;
  app.add_option("directory", options.directory, "folder with registry.yaml and cases.yaml")
      ->required();
  app.add_option("scenarios", options.wanted, "scenarios or ids to play; all when absent");
  app.add_option("--skip-file", options.skip_file, "what is not run yet: lines of NAME REASON");
  app.add_option("--http-mode", options.http_mode, "of the Agent resource")
      ->check(CLI::IsMember({"istio", "service"}));
  app.add_flag("--only-differing", options.only_differing,
               "only cases that come out otherwise in httpMode service");
  app.add_option("--jobs", options.jobs, "labs that play at the same time")
      ->check(CLI::Range(1, 64));
  app.add_flag("--optional", options.optional, "with status 4, it is no error if there are none");
  CLI11_PARSE(app, argc, argv);
  if (geteuid() != 0) {
    std::fprintf(stderr, "case-runner: network namespaces need root\n");
    return sluice::test::kNoRights;
  }
  return sluice::test::playAll(options);
}
