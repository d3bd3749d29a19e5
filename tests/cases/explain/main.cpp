// SPDX-License-Identifier: Apache-2.0
// explain-cases SLUICECTL DIR istio|service [SCENARIO or ID…]: asks `sluicectl explain` about the
// cases of DIR/cases.yaml, in that httpMode, and compares. Cases that need traffic are listed. Exit
// status 77 without DIR.

#include <cstdlib>
#include <iostream>

#include "tests/cases/explain/call.h"
#include "tests/cases/explain/compare.h"

namespace sluice::test {
namespace {

constexpr int kSkipped = 77;

/// A folder that goes when it does.
class Scratch {
 public:
  Scratch() {
    std::string pattern = std::filesystem::temp_directory_path() / "explain-cases-XXXXXX";
    if (::mkdtemp(pattern.data())) path_ = pattern;
  }
  ~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct Tally {
  int passed = 0, failed = 0, traffic = 0;
};

Result<std::vector<std::string>> check(const ExplainSetup& setup, const Case& test) {
  const auto call = explainCall(setup, test);
  if (!call) return call.error();
  const auto answer = run(nullptr, *call);
  if (!answer) return answer.error();
  if (answer->status != 0)
    return Error(Error::Code::kInvalid, "sluicectl explain failed: " + answer->err);
  return differences(test.expect, nlohmann::json::parse(answer->out));
}

void report(const Case& test, const Result<std::vector<std::string>>& result, Tally& tally) {
  if (result && result->empty()) {
    ++tally.passed;
    return;
  }
  ++tally.failed;
  std::cout << "FAILED " << test.id << " " << test.scenario << "\n";
  if (!result) std::cout << "  " << result.error().message() << "\n";
  if (result)
    for (const auto& difference : *result) std::cout << "  " << difference << "\n";
}

int explainAll(const ExplainSetup& setup, const std::vector<std::string>& wanted) {
  const auto cases = readCases({setup.cases, wanted, setup.http_mode});
  if (!cases) {
    std::cerr << cases.error().message() << "\n";
    return 1;
  }
  Tally tally;
  for (const auto& test : *cases) {
    if (const auto why = needsTraffic(test); !why.empty()) {
      ++tally.traffic;
      std::cout << "needs traffic " << test.id << " " << test.scenario << ": " << why << "\n";
    } else {
      report(test, check(setup, test), tally);
    }
  }
  std::cout << tally.traffic << " need traffic, " << tally.passed << " passed, " << tally.failed
            << " failed\n";
  return tally.failed == 0 && tally.passed > 0 ? 0 : 1;
}

int main(const std::vector<std::string>& arguments) {
  if (arguments.size() < 3) {
    std::cerr << "usage: explain-cases SLUICECTL DIR istio|service [SCENARIO or ID...]\n";
    return 64;
  }
  if (!std::filesystem::exists(arguments[1] + "/cases.yaml")) {
    std::cout << "skipped: there is no " << arguments[1] << "/cases.yaml\n";
    return kSkipped;
  }
  const Scratch scratch;
  return explainAll({arguments[0], arguments[1], arguments[2], scratch.path()},
                    {arguments.begin() + 3, arguments.end()});
}

}  // namespace
}  // namespace sluice::test

int main(int argc, char** argv) { return sluice::test::main({argv + 1, argv + argc}); }
