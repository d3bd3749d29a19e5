// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "tests/support/lab.h"
#include "userspace/base/random.h"
#include "userspace/model/address.h"

namespace sluice::test::torture {

/// Who may answer: a bit for each of the servers, and one for nobody (503 from the proxy, refused
/// by connect()).
using Answers = uint8_t;

constexpr size_t kServers = 3;
constexpr Answers kV1 = 0b011, kV2 = 0b100, kEveryServer = kV1 | kV2, kNobody = 0b1000;

/// Host of a server in the lab, which it has as its name, too.
const char* serverName(size_t server);
/// The bit of the server with that name; 0: there is none.
Answers answerOf(std::string_view name);
/// "product-api-v1-a or nobody".
std::string text(Answers answers);

enum class HttpRule : uint8_t {
  kNone,
  kOnlyV1,
  kOnlyV2,
  kByHeader,  ///< beta to v2, everybody else to v1
  kDelayed,   ///< the same, and some requests wait
  kSplit,     ///< each request by weight
  kSplitByConnection,
  kCount
};
enum class TcpRule : uint8_t { kNone, kOnlyV1, kOnlyV2, kSplit, kCount };
enum class Policy : uint8_t { kRandom, kRoundRobin, kLeastRequest, kSourceIp, kCount };

/// The path of a connection; who decides for it: the kernel at connect(), or the proxy for each
/// request.
enum class Path : uint8_t { kConnect, kProxy };

/// What a request says that rules look at.
struct Asked {
  bool beta = false;
};

/// A configuration: rules and endpoints of the service `mill`.
struct World {
  HttpRule http = HttpRule::kNone;
  TcpRule tcp = TcpRule::kNone;
  Policy policy = Policy::kRandom;
  Answers endpoints = kEveryServer;
  /// Of those that are no endpoints: whose pod terminates, and whose has ended. Pods of others run
  /// and are in no EndpointSlice.
  Answers terminating = 0, gone = 0;
  /// The file of the rules is wrong: those of before stay in force.
  bool broken = false;
  /// An agent has been started since, which has never seen right ones: perhaps there are none.
  bool forgotten = false;

  /// Whether connections to the HTTP port may take this path.
  bool allows(Path path) const;
  /// Of a request that the proxy routes.
  Answers ofProxy(Asked asked) const;
  /// Of a connection to the HTTP port that the kernel routes; 0 when it routes none.
  Answers ofConnect() const;
  /// Of a connection to the TCP port.
  Answers ofTcp() const;

  /// One thing changes.
  World next(Random& random) const;
  std::string text() const;

 private:
  void moveEndpoints(Random& random);
};

SocketAddress httpAddress(bool v6);
SocketAddress tcpAddress(bool v6);

/// Files of the configuration: the service, its endpoints and their pods, its policy, its rules.
std::string registryOf(const World& world, const Lab& lab);
std::string policyOf(const World& world);
std::string rulesOf(const World& world);

constexpr uint16_t kHttpPort = 18080, kEchoPort = 19090;

}  // namespace sluice::test::torture
