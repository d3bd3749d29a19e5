// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <deque>
#include <map>
#include <optional>

#include "maps/abi/listener_address.h"
#include "tests/support/manual_clock.h"
#include "tests/support/memory_data_plane.h"
#include "tests/unit/proxy/peers.h"
#include "userspace/balance/alias_table.h"
#include "userspace/balance/outlier_watch.h"
#include "userspace/balance/spread.h"
#include "userspace/proxy/worker.h"
#include "userspace/routing/policy.h"

namespace sluice::proxy::test {

using namespace std::chrono_literals;

/// Connects to the test's servers by their endpoint's number.
class LoopbackSockets final : public Sockets {
 public:
  explicit LoopbackSockets(Reactor& reactor) : reactor_(reactor) {}

  void connect(const UpstreamTarget& target, Opened opened) override {
    targets.push_back(target);
    if (silent) return;
    reactor_.post([this, target, opened = std::move(opened)] { opened(open(target)); });
  }

  std::map<EndpointId, uint16_t> ports;
  std::deque<Error> failures;  ///< of the next connects
  std::vector<UpstreamTarget> targets;
  bool silent = false;  ///< never answers

 private:
  Result<Fd> open(const UpstreamTarget& target) {
    if (!failures.empty()) {
      Error error = failures.front();
      failures.pop_front();
      return error;
    }
    return connectTo(INADDR_LOOPBACK, ports.at(target.endpoint));
  }

  Reactor& reactor_;
};

class RecordingLog final : public RequestObserver {
 public:
  struct Entry {
    std::string method, target, flags;
    int status;
    uint64_t request_bytes, response_bytes;
    std::string protocol, user_agent, transport_failure, request_id;
    bool grpc;
    int grpc_status;
    std::string host;  ///< of the service; empty: no route
    std::string details, server_name;
    std::optional<Duration> service_time;
    std::optional<SocketAddress> upstream_local;
    Duration duration;
  };
  void record(const RequestRecord& r) override {
    entries.push_back(
        {std::string(r.method), std::string(r.target), r.flags.text(), r.status, r.request_bytes,
         r.response_bytes, std::string(r.protocol), std::string(r.user_agent),
         std::string(r.transport_failure), std::string(r.request_id), r.grpc, r.grpc_status,
         r.route == nullptr ? std::string() : r.route->route->service.host, std::string(r.details),
         std::string(r.server_name), r.service_time,
         r.upstream_local == nullptr ? std::nullopt : std::optional(*r.upstream_local),
         r.duration});
  }
  void opened(const RequestRecord&) override { ++connections; }
  std::vector<Entry> entries;
  size_t connections = 0;  ///< that carry no HTTP
};

/// A cluster of one server, with endpoint 1, 2, … as its number says.
inline ProxyCluster clusterOf(const Server& server, uint32_t id) {
  ProxyCluster cluster;
  cluster.cluster = std::make_shared<routing::Cluster>();
  cluster.endpoints = {{server.address(), {id}, {10 + id}}};
  return cluster;
}

/// To one destination.
inline void sendTo(ProxyRule& rule, ProxyCluster cluster) {
  rule.destinations.push_back(std::move(cluster));
  rule.choice = *balance::aliasTable(std::vector<uint32_t>{1});
}

/// What a rule of the tests looks like.
struct TestRule {
  std::vector<routing::RequestMatch> matches;
  std::vector<std::pair<uint32_t, std::vector<uint32_t>>> destinations;  ///< weight, endpoint ids
  std::optional<std::chrono::nanoseconds> timeout;
  std::optional<HttpFaultInjection> fault;
  bool cluster_missing = false;
  std::optional<HttpRedirect> redirect = {};
  Rare<HttpDirectResponse> direct_response = {};
  std::optional<HttpRewrite> rewrite = {};
  std::optional<HttpRetry> retries = {};
  std::optional<CorsPolicy> cors = {};
  /// Endpoint ids, 0: a cluster that is missing; cluster ids are 99 more.
  std::vector<std::pair<uint32_t, Percent>> mirrors = {};
  std::optional<ConnectionPoolSettings> mirror_pool = {};  ///< of every mirror
  Headers headers = {};
  routing::ClusterPolicy policy = {};             ///< of every destination
  std::vector<Headers> destination_headers = {};  ///< of the first destinations
  ConsistentHash hash = {};                       ///< of all of them, where it has a key
  std::optional<ConnectionPoolSettings> pool = {};
  std::optional<OutlierDetection> outliers = {};
  UpstreamVersion version = UpstreamVersion::kHttp1;  ///< of every destination and mirror
  std::vector<uint32_t> priorities = {};              ///< of the endpoints of every destination
  std::string name = {};
};

inline const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
inline const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

class WorkerTest : public testing::Test {
 protected:
  static constexpr uint32_t kService = 5;
  static constexpr const char* kHost = "a.default.svc.cluster.local";

  WorkerTest() {
    std::signal(SIGPIPE, SIG_IGN);  // as the agent: splice(2) has no flag for it
    rebuild({});
  }
  ~WorkerTest() override { worker_.reset(); }

  void rebuild(const WorkerOptions& options) {
    worker_.reset();
    worker_ = std::make_unique<Worker>(*reactor_, sockets_, tables_, random_, retry_limits_,
                                       options, observers_);
    listen();
  }

  /// The workload is enrolled, or again.
  void listen() {
    Fd listener = listenOn(INADDR_ANY);
    port_ = portOf(listener);
    const auto added = worker_->addListener(
        {.workload = {1}, .socket = std::move(listener), .family = AF_INET, .port = port_});
    require(added.ok(), "addListener");
  }

  Server& serve(Server::Answer answer = {}) {
    servers_.push_back(std::make_unique<Server>(std::move(answer)));
    const EndpointId id{static_cast<uint32_t>(servers_.size())};
    sockets_.ports[id] = servers_.back()->address().port;
    return *servers_.back();
  }

  /// Everything to the servers that were made so far, alike.
  void routeToServers() {
    TestRule rule;
    std::vector<uint32_t> ids;
    for (uint32_t id = 1; id <= servers_.size(); ++id) ids.push_back(id);
    rule.destinations = {{1, ids}};
    configure({rule});
  }

  void configure(const std::vector<TestRule>& rules) { worker_->setConfig(configOf(rules)); }

  std::shared_ptr<const ProxyConfig> configOf(const std::vector<TestRule>& rules) {
    auto service = std::make_shared<routing::ServiceRoute>();
    service->service = {kHost, 80};
    service->protocol = routing::Protocol::kHttp;
    service->vips = vips_;
    for (const auto& each : rules) service->rules.edit().push_back(compiled(each));
    auto route = std::make_shared<ProxyRoute>();
    route->id = {7};
    route->binding = {3};
    route->route = service;
    route->matcher = *routing::Matcher::compile(*service->rules);
    std::vector<ProxyRule> made;
    for (size_t i = 0; i < rules.size(); ++i)
      made.push_back(ruleOf(rules[i], service->rules->at(i)));
    route->rules = std::make_shared<const std::vector<ProxyRule>>(std::move(made));
    auto config = std::make_shared<ProxyConfig>();
    config->envoy_habits = envoy_habits_;
    config->added_headers = added_headers_;
    config->refuses_http10 = refuses_http10_;
    config->largest_request_body = largest_request_body_;
    config->routes.set({ServiceId{kService}, ClientClass{2}}, route);
    config->workloads[{1}] = {{2}, "web"};
    return config;
  }

  Peer& connect(uint32_t service = kService) {
    clients_.push_back(std::make_unique<Peer>(connectTo(listener_address(service), port_)));
    return *clients_.back();
  }

  /// Turns everything until `predicate` holds; false when it does not in ten real seconds.
  template <typename Predicate>
  bool until(Predicate predicate) {
    // Longer than TCP's own pauses: what finds a full buffer is repeated later each time.
    const auto limit = std::chrono::steady_clock::now() + 30s;
    while (!predicate()) {
      if (std::chrono::steady_clock::now() > limit) return false;
      turn();
    }
    return true;
  }

  /// The same while time passes: back-offs end.
  template <typename Predicate>
  bool inTime(Predicate predicate) {
    return until([&] {
      clock_.advance(5ms);
      return predicate();
    });
  }

  virtual void turn() {
    work();
    for (auto& client : clients_) client->poll();
    for (auto& server : servers_) server->poll();
  }

  /// Lets the worker do what there is to do.
  virtual void work() { reactor_->runOnce(1ms); }

  /// Some rounds: for what must not happen.
  void settle() {
    for (int i = 0; i < 20; ++i) turn();
  }

  bool receives(Peer& peer, std::string_view bytes) {
    return until([&] { return peer.received() == bytes || peer.over(); }) &&
           peer.received() == bytes;
  }

  /// The head that server 0's connection `index` gets.
  std::string request(size_t index = 0, size_t server = 0) {
    auto& connections = servers_.at(server)->connections();
    until([&] {
      return connections.size() > index &&
             connections[index]->received().find("\r\n\r\n") != std::string::npos;
    });
    return connections.size() > index ? connections[index]->received() : "";
  }

  /// Sends a request, answers with what the client has got when it is `size` bytes or more.
  std::string answerTo(Peer& client, std::string_view request, std::string_view end = "ok") {
    client.received().clear();
    client.send(request);
    EXPECT_TRUE(until([&] { return client.received().ends_with(end) || client.over(); }))
        << client.received();
    return client.received();
  }

  /// The same while time passes.
  std::string answerInTime(Peer& client, std::string_view request, std::string_view end = "ok") {
    client.received().clear();
    client.send(request);
    EXPECT_TRUE(inTime([&] { return client.received().ends_with(end) || client.over(); }))
        << client.received();
    return client.received();
  }

  /// How many responses of the service were 1xx, 2xx, …
  __u64 responses(int kind) {
    return maps::View<Table::kServiceRequests>(tables_).shared(3)->responses[kind];
  }

  sluice::test::ManualClock clock_;
  std::unique_ptr<Reactor> reactor_ = *Reactor::create(clock_);
  LoopbackSockets sockets_{*reactor_};
  sluice::test::MemoryDataPlane tables_;
  SystemRandom random_{42};
  RetryLimits retry_limits_{clock_};
  RecordingLog log_;
  Observers observers_{&log_};
  std::unique_ptr<Worker> worker_;
  uint16_t port_ = 0;
  bool envoy_habits_ = false;  ///< of the configurations to come
  AddedHeaders added_headers_;
  bool refuses_http10_ = false;
  uint64_t largest_request_body_ = UINT64_MAX;
  std::vector<IpAddress> vips_;  ///< of the service, likewise
  PoolUses pools_;
  balance::OutlierWatch outliers_{*reactor_, [] {}};
  std::vector<std::unique_ptr<Server>> servers_;
  std::vector<std::unique_ptr<Peer>> clients_;

 private:
  static routing::Rule compiled(const TestRule& written) {
    routing::Rule rule;
    rule.name = written.name;
    rule.matches = written.matches;
    rule.timeout = written.timeout;
    rule.fault = written.fault;
    rule.redirect = written.redirect;
    rule.direct_response = written.direct_response;
    rule.rewrite = written.rewrite;
    rule.retries = written.retries;
    rule.cors = written.cors;
    rule.headers = Shared(written.headers);
    rule.destinations.resize(written.destinations.size());
    return rule;
  }

  static std::shared_ptr<const routing::Cluster> describedBy(const routing::ClusterPolicy& policy) {
    auto cluster = std::make_shared<routing::Cluster>();
    cluster->settings = Shared(policy);
    return cluster;
  }

  static void hashBy(const ConsistentHash& key, ProxyCluster& cluster) {
    auto described = std::make_shared<routing::Cluster>(*cluster.cluster);
    described->policy = routing::BalancePolicy::kRequest;
    described->hash = Shared(routing::HashKeys{key, key});
    cluster.hash_key = &*described->hash->with_port;
    cluster.cluster = std::move(described);
    std::vector<std::string> names;
    for (const auto& endpoint : cluster.endpoints) names.push_back(endpoint.address.text());
    std::vector<balance::MaglevMember> members;
    for (const auto& name : names) members.push_back({name});
    cluster.by_hash =
        std::make_shared<const balance::MaglevTable>(*balance::MaglevTable::of(members, 1021));
  }

  void watch(const OutlierDetection& policy, const std::string& name, ProxyCluster& cluster) {
    cluster.outliers = outliers_.detector(name, balance::OutlierSettings::of(policy));
    std::vector<SocketAddress> members;
    for (const auto& endpoint : cluster.endpoints) members.push_back(endpoint.address);
    const auto monitors = cluster.outliers->setMembers(members);
    for (size_t i = 0; i < monitors.size(); ++i) cluster.endpoints[i].monitor = monitors[i];
  }

  /// All traffic goes to those of priority 0.
  static void rank(const std::vector<uint32_t>& priorities, ProxyCluster& cluster) {
    auto described = std::make_shared<routing::Cluster>(*cluster.cluster);
    std::vector<uint32_t> shares;
    for (size_t i = 0; i < priorities.size(); ++i) {
      described->endpoints.push_back(
          {.address = cluster.endpoints[i].address, .pod = "", .priority = priorities[i]});
      shares.push_back(priorities[i] == 0 ? 1 : 0);
    }
    cluster.cluster = std::move(described);
    cluster.choice = balance::spreadOver(shares)->slots;
    cluster.even = false;
  }

  std::shared_ptr<const ClusterPool> poolOf(const std::optional<ConnectionPoolSettings>& settings,
                                            const std::string& name) {
    if (!settings) return nullptr;
    return std::make_shared<const ClusterPool>(PoolSettings::of(*settings), pools_.of(name));
  }

  ProxyRule ruleOf(const TestRule& rule, const routing::Rule& matched) {
    ProxyRule result;
    result.rule = &matched;
    result.actions = *RuleActions::of(matched, 80);
    if (matched.retries) result.retries = RetryPolicy::of(*matched.retries);
    std::vector<uint32_t> weights;
    for (const auto& [weight, ids] : rule.destinations) {
      weights.push_back(weight);
      ProxyCluster cluster;
      if (!rule.cluster_missing) cluster.cluster = describedBy(rule.policy);
      cluster.version = rule.version;
      const ClusterId cluster_id{static_cast<uint32_t>(10 + weights.size())};
      for (const uint32_t id : ids) {
        cluster.endpoints.push_back({servers_.at(id - 1)->address(), {id}, cluster_id});
      }
      if (routing::hashesTheRequest(rule.hash)) hashBy(rule.hash, cluster);
      const auto name = std::to_string(cluster_id.value);
      if (!rule.priorities.empty()) rank(rule.priorities, cluster);
      cluster.pool = poolOf(rule.pool, name);
      if (rule.outliers) watch(*rule.outliers, name, cluster);
      const auto& headers = rule.destination_headers;
      cluster.edits = DestinationEdits::of(
          matched, weights.size() <= headers.size() ? headers[weights.size() - 1] : Headers{});
      result.destinations.push_back(std::move(cluster));
    }
    for (const auto& [id, share] : rule.mirrors) {
      ProxyCluster cluster;
      if (id > 0) cluster = clusterOf(*servers_.at(id - 1), id);
      cluster.version = rule.version;
      if (id > 0) cluster.endpoints.front().cluster = {99 + id};
      cluster.pool = poolOf(rule.mirror_pool, std::to_string(99 + id));
      result.mirrors.push_back({std::move(cluster), share});
    }
    if (!weights.empty()) result.choice = *balance::aliasTable(weights);
    return result;
  }
};

}  // namespace sluice::proxy::test
