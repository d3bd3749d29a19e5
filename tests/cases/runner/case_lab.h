// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "tests/cases/runner/case.h"
#include "tests/cases/runner/traffic.h"
#include "tests/cases/runner/world.h"
#include "tests/support/lab.h"
#include "tests/support/sluiced_process.h"

namespace sluice::test {

/// Everything that was seen of one case.
struct Outcome {
  SocketAddress called;
  std::vector<Exchange> exchanges = {};
  nlohmann::json backends = {};       ///< Stage::report()
  nlohmann::json explanation = {};    ///< of wantsExplanation() alone
  std::vector<std::string> log = {};  ///< lines of the access log
};

/// A lab for cases: each client is a host with the address of its pod, one more host has all
/// addresses that are anybody else's, and sluiced steers the clients.
class CaseLab {
 public:
  struct Plan {
    std::filesystem::path registry;
    std::set<std::string> clients = {};  ///< names of pods
    std::set<uint16_t> ports = {};       ///< that any backend may listen on
    std::string http_mode = {};          ///< "istio" or "service"
  };
  static Result<CaseLab> create(const Plan& plan);

  /// Plays one case from a fresh state: what ran before is gone, its connections included.
  Result<Outcome> play(const Case& test, const std::filesystem::path& rules, const World& world);

 private:
  CaseLab(Lab lab, Plan plan, Process backends);
  Result<void> join(const std::string& client, const nlohmann::json& pod) const;
  Result<void> configure(const Case& test, const std::filesystem::path& rules,
                         const nlohmann::json& pod) const;
  Result<nlohmann::json> tell(const nlohmann::json& command);
  Result<void> prepareBackends(const Case& test, const World& world, const SocketAddress& called);
  Result<void> observe(const Case& test, const Traffic& traffic, Outcome& outcome);
  Result<void> finish(SluicedProcess sluiced, const std::filesystem::path& log, Outcome& outcome);

  Lab lab_;
  Plan plan_;
  Process backends_;
};

}  // namespace sluice::test
