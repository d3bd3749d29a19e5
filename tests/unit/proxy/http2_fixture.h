// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/unit/proxy/http2_peer.h"
#include "tests/unit/proxy/worker_fixture.h"

namespace sluice::proxy::test {

class Http2Test : public WorkerTest {
 protected:
  using Side = Http2Peer::Side;

  Http2Peer& client(bool reads_bodies = true) {
    return *ends_.emplace_back(std::make_unique<Http2Peer>(connect(), Side::kClient, reads_bodies));
  }

  /// Everything to the servers made so far, as HTTP/2; `pool`: the destination's connection pool.
  void routeAsHttp2(const std::optional<ConnectionPoolSettings>& pool = {}) {
    TestRule rule;
    rule.pool = pool;
    if (pool) rule.policy.connection_pool = {*pool, ""};
    for (uint32_t id = 1; id <= servers_.size(); ++id) rule.destinations.push_back({1, {id}});
    rule.version = UpstreamVersion::kHttp2;
    configure({rule});
  }

  /// Connection `index` of server 0, once it is there.
  Http2Peer& server(size_t index = 0) {
    const bool there = until([&] { return servers_[0]->connections().size() > index; });
    require(there, "no connection");
    while (accepted_.size() <= index) {
      accepted_.push_back(ends_.size());
      auto& peer = *servers_[0]->connections()[accepted_.size() - 1];
      ends_.push_back(std::make_unique<Http2Peer>(peer, Side::kServer));
    }
    return *ends_[accepted_[index]];
  }

  /// The stream of the only request that a connection has seen, once it is there.
  int32_t requestAt(Http2Peer& end) {
    until([&] { return !end.messages().empty() && !end.messages().rbegin()->second.head.empty(); });
    return end.messages().empty() ? -1 : end.messages().rbegin()->first;
  }

  void turn() override {
    WorkerTest::turn();
    for (auto& end : ends_) end->poll();
  }

  std::vector<std::unique_ptr<Http2Peer>> ends_;
  std::vector<size_t> accepted_;
};

}  // namespace sluice::proxy::test
