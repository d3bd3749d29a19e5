// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/proxy/scenarios.h"

#include <fmt/format.h>

#include "tests/bench/proxy/arena.h"
#include "tests/bench/proxy/rules.h"

namespace sluice::test {

namespace {

std::string bytes(size_t count) {
  if (count >= 1048576) return fmt::format("{} MiB", count / 1048576);
  return count >= 1024 ? fmt::format("{} KiB", count / 1024) : fmt::format("{} B", count);
}

Scenario http1(int connections, size_t head, size_t response) {
  return {fmt::format("http1-{}-{}-{}", connections, head, response),
          fmt::format("{} connection{}, {} heads, {} responses", connections,
                      connections == 1 ? "" : "s", bytes(head), bytes(response)),
          "HTTP/1.1",
          {.connections = connections, .head_bytes = head, .response_bytes = response},
          {}};
}

Scenario http2(const char* id, const char* group, Protocol protocol) {
  return {id,
          "8 connections with 16 streams each",
          group,
          {.protocol = protocol, .connections = 8, .streams = 16},
          {}};
}

Scenario pods(const char* id, const char* peers) {
  return {id,
          fmt::format("{} clients in namespaces, 32 connections, {}", kPods, peers),
          "Pods",
          {.connections = 32, .head_bytes = 1024},
          {}};
}

}  // namespace

std::vector<Scenario> scenariosOfOneClient() {
  std::vector<Scenario> all;
  for (const int connections : {1, 32, 256})
    for (const size_t head : {size_t{100}, size_t{1024}})
      all.push_back(http1(connections, head, 100));
  for (const size_t response : {size_t{16384}, size_t{1048576}})
    for (const int connections : {32, 256}) all.push_back(http1(connections, 1024, response));
  all.push_back({"http1-new",
                 "a connection for each request, 32 at once",
                 "HTTP/1.1, new connections",
                 {.connections = 32, .close = true},
                 {}});
  all.push_back(http2("http2", "HTTP/2", Protocol::kHttp2));
  all.push_back(http2("grpc", "gRPC", Protocol::kGrpc));
  return all;
}

Scenario scenarioOfPodsAndNode() { return pods("pods-node", "peers on the node"); }

Scenario scenarioOfPodsAndSidecars() { return pods("pods-sidecars", "peers as sidecars"); }

Scenario scenarioOfManyRules() {
  return {"rules",
          fmt::format("the last of {} rules decides, 32 connections", kManyRules),
          "Rules",
          {.connections = 32, .head_bytes = 1024},
          {}};
}

}  // namespace sluice::test
