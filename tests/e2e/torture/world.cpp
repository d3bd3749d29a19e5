// SPDX-License-Identifier: Apache-2.0
#include "tests/e2e/torture/world.h"

#include <fmt/format.h>

#include <array>
#include <initializer_list>

namespace sluice::test::torture {
namespace {

constexpr std::array kNames = {"product-api-v1-a", "product-api-v1-b", "product-api-v2"};

/// What `destinations` answer while only `endpoints` are there.
Answers among(Answers endpoints, std::initializer_list<Answers> destinations) {
  Answers answers = 0;
  for (const Answers destination : destinations) {
    const Answers ready = destination & endpoints;
    answers |= ready != 0 ? ready : kNobody;
  }
  return answers;
}

Path pathOf(HttpRule rule) {
  switch (rule) {
    case HttpRule::kByHeader:
    case HttpRule::kDelayed:
    case HttpRule::kSplit:
      return Path::kProxy;
    default:
      return Path::kConnect;
  }
}

Answers answersOf(HttpRule rule, Answers endpoints, Asked asked) {
  switch (rule) {
    case HttpRule::kOnlyV1:
      return among(endpoints, {kV1});
    case HttpRule::kOnlyV2:
      return among(endpoints, {kV2});
    case HttpRule::kByHeader:
    case HttpRule::kDelayed:
      return among(endpoints, {asked.beta ? kV2 : kV1});
    case HttpRule::kSplit:
    case HttpRule::kSplitByConnection:
      return among(endpoints, {kV1, kV2});
    default:
      return among(endpoints, {kEveryServer});
  }
}

Answers answersOf(TcpRule rule, Answers endpoints) {
  switch (rule) {
    case TcpRule::kOnlyV1:
      return among(endpoints, {kV1});
    case TcpRule::kOnlyV2:
      return among(endpoints, {kV2});
    case TcpRule::kSplit:
      return among(endpoints, {kV1, kV2});
    default:
      return among(endpoints, {kEveryServer});
  }
}

template <typename Enum>
constexpr size_t index(Enum value) {
  return static_cast<size_t>(value);
}

template <typename Enum>
Enum any(Random& random) {
  return static_cast<Enum>(random.draw() % static_cast<uint64_t>(Enum::kCount));
}

/// A destination, with `more` behind it.
std::string to(const char* version, int port, const std::string& more = "") {
  return fmt::format("{{destination: {{host: mill, subset: {}, port: {{number: {}}}}}{}}}", version,
                     port, more);
}

/// A rule with one list of routes; `more`: before them.
std::string rule(const std::string& routes, const std::string& more = "") {
  return fmt::format("\n  - {}route: [{}]", more, routes);
}

std::string split(int port) {
  return to("v1", port, ", weight: 70") + ", " + to("v2", port, ", weight: 30");
}

std::string byHeader() {
  return rule(to("v2", 80), "match: [{headers: {user-group: {exact: beta}}}]\n    ") +
         rule(to("v1", 80));
}

std::string httpRoutes(HttpRule http) {
  switch (http) {
    case HttpRule::kOnlyV1:
      return rule(to("v1", 80));
    case HttpRule::kOnlyV2:
      return rule(to("v2", 80));
    case HttpRule::kByHeader:
      return byHeader();
    case HttpRule::kDelayed:
      return byHeader() + "\n    fault: {delay: {fixedDelay: 0.05s, percentage: {value: 30}}}";
    case HttpRule::kSplit:
    case HttpRule::kSplitByConnection:
      return rule(split(80));
    default:
      return "";
  }
}

std::string tcpRoutes(TcpRule tcp) {
  constexpr const char* kMatch = "match: [{port: 9000}]\n    ";
  switch (tcp) {
    case TcpRule::kOnlyV1:
      return rule(to("v1", 9000), kMatch);
    case TcpRule::kOnlyV2:
      return rule(to("v2", 9000), kMatch);
    case TcpRule::kSplit:
      return rule(split(9000), kMatch);
    default:
      return "";
  }
}

std::string sliceOf(const World& world, const Lab& lab, bool v4) {
  std::string text = fmt::format(R"(---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: mill-v{0}
  namespace: default
  labels: {{kubernetes.io/service-name: mill}}
addressType: IPv{0}
ports:
  - {{name: http, port: {1}, protocol: TCP}}
  - {{name: tcp-echo, port: {2}, protocol: TCP}}
endpoints:)",
                                 v4 ? 4 : 6, kHttpPort, kEchoPort);
  for (size_t i = 0; i < kServers; ++i) {
    const bool ready = (world.endpoints >> i & 1) != 0;
    if (!ready && (world.terminating >> i & 1) == 0) continue;
    const Place& host = lab.host(kNames[i]);
    text += fmt::format(
        "\n  - addresses: [\"{}\"]\n    conditions: {{ready: {}, terminating: {}}}"
        "\n    targetRef: {{kind: Pod, name: {}, namespace: default}}",
        (v4 ? host.address4 : host.address6).text(), ready, !ready, kNames[i]);
  }
  return text + ((world.endpoints | world.terminating) == 0 ? " []\n" : "\n");
}

std::string podsOf(const World& world, const Lab& lab) {
  std::string text;
  for (size_t i = 0; i < kServers; ++i) {
    if ((world.gone >> i & 1) != 0) continue;
    const Place& host = lab.host(kNames[i]);
    text += fmt::format(R"(---
apiVersion: v1
kind: Pod
metadata: {{name: {}, namespace: default, labels: {{version: {}}}}}
status: {{phase: Running, podIPs: [{{ip: {}}}, {{ip: "{}"}}]}}
)",
                        kNames[i], (kV1 >> i & 1) != 0 ? "v1" : "v2", host.address4.text(),
                        host.address6.text());
  }
  return text;
}

}  // namespace

const char* serverName(size_t server) { return kNames[server]; }

Answers answerOf(std::string_view name) {
  for (size_t i = 0; i < kServers; ++i)
    if (name == kNames[i]) return static_cast<Answers>(1U << i);
  return 0;
}

std::string text(Answers answers) {
  std::string text;
  const auto add = [&](const char* name) {
    text += (text.empty() ? "" : " or ") + std::string(name);
  };
  for (size_t i = 0; i < kServers; ++i)
    if ((answers >> i & 1) != 0) add(kNames[i]);
  if ((answers & kNobody) != 0) add("nobody");
  return text.empty() ? "none at all" : text;
}

bool World::allows(Path path) const {
  return pathOf(http) == path || (forgotten && pathOf(HttpRule::kNone) == path);
}

Answers World::ofProxy(Asked asked) const {
  const Answers ruled = answersOf(http, endpoints, asked);
  return forgotten ? ruled | answersOf(HttpRule::kNone, endpoints, asked) : ruled;
}

Answers World::ofConnect() const {
  Answers answers = pathOf(http) == Path::kConnect ? answersOf(http, endpoints, {}) : 0;
  if (forgotten) answers |= answersOf(HttpRule::kNone, endpoints, {});
  return answers;
}

Answers World::ofTcp() const {
  const Answers ruled = answersOf(tcp, endpoints);
  return forgotten ? ruled | answersOf(TcpRule::kNone, endpoints) : ruled;
}

World World::next(Random& random) const {
  World next = *this;
  const uint64_t draw = random.draw() % 100;
  if (draw < 35) {
    // Rules come with a file that is right.
    next.broken = next.forgotten = false;
    next.http = any<HttpRule>(random);
  } else if (draw < 50) {
    next.broken = next.forgotten = false;
    next.tcp = any<TcpRule>(random);
  } else if (draw < 80) {
    next.moveEndpoints(random);
  } else if (draw < 90) {
    next.policy = any<Policy>(random);
  } else {
    next.broken = !next.broken;
    if (!next.broken) next.forgotten = false;
  }
  return next;
}

/// A pod that terminates most often ends next.
void World::moveEndpoints(Random& random) {
  const bool none = random.draw() % 10 == 0;
  endpoints = none ? Answers{0} : static_cast<Answers>(1 + random.draw() % kEveryServer);
  const Answers ending = terminating;
  terminating = gone = 0;
  for (size_t i = 0; i < kServers; ++i) {
    const auto server = static_cast<Answers>(1U << i);
    if ((endpoints & server) != 0) continue;
    const uint64_t draw = random.draw() % 8;
    if (draw < ((ending & server) != 0 ? 6U : 2U))
      gone |= server;
    else if (draw < 7)
      terminating |= server;
  }
}

std::string World::text() const {
  static constexpr std::array kHttp = {"none",  "v1",    "v2",         "by header",
                                       "delay", "split", "connections"};
  static constexpr std::array kTcp = {"none", "v1", "v2", "split"};
  return fmt::format("http {}, tcp {}, policy {}, endpoints {}, terminating {}, gone {}{}{}",
                     kHttp[index(http)], kTcp[index(tcp)], index(policy), torture::text(endpoints),
                     torture::text(terminating), torture::text(gone), broken ? ", broken" : "",
                     forgotten ? ", forgotten" : "");
}

SocketAddress httpAddress(bool v6) {
  return {*IpAddress::parse(v6 ? "fd77:0:0:96::2:1" : "10.96.2.1"), 80};
}
SocketAddress tcpAddress(bool v6) { return {httpAddress(v6).ip, 9000}; }

std::string registryOf(const World& world, const Lab& lab) {
  return fmt::format(R"(apiVersion: v1
kind: Service
metadata: {{name: mill, namespace: default}}
spec:
  clusterIPs: [{}, "{}"]
  ports:
    - {{name: http, port: 80, targetPort: {}, protocol: TCP}}
    - {{name: tcp-echo, port: 9000, targetPort: {}, protocol: TCP}}
)",
                     httpAddress(false).ip.text(), httpAddress(true).ip.text(), kHttpPort,
                     kEchoPort) +
         sliceOf(world, lab, true) + sliceOf(world, lab, false) + podsOf(world, lab);
}

std::string policyOf(const World& world) {
  static constexpr std::array kPolicies = {"simple: RANDOM", "simple: ROUND_ROBIN",
                                           "simple: LEAST_REQUEST",
                                           "consistentHash: {useSourceIp: true}"};
  return fmt::format(R"(apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: mill, namespace: default}}
spec:
  host: mill
  trafficPolicy: {{loadBalancer: {{{}}}}}
  subsets:
  - {{name: v1, labels: {{version: v1}}}}
  - {{name: v2, labels: {{version: v2}}}}
)",
                     kPolicies[index(world.policy)]);
}

std::string rulesOf(const World& world) {
  const auto http = httpRoutes(world.http), tcp = tcpRoutes(world.tcp);
  if (http.empty() && tcp.empty() && !world.broken) return "";
  const bool by_connection = world.http == HttpRule::kSplitByConnection;
  std::string text = fmt::format(R"(apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: mill, namespace: default, annotations: {{{}}}}}
spec:
  hosts: [mill]
)",
                                 by_connection ? "sluice.io/split: connection" : "");
  if (world.broken) return text + "  http: [{route: [{destination: {subset: v1}, weight: -1}]}]\n";
  if (!http.empty()) text += "  http:" + http + "\n";
  if (!tcp.empty()) text += "  tcp:" + tcp + "\n";
  return text;
}

}  // namespace sluice::test::torture
