// SPDX-License-Identifier: Apache-2.0
// Everything at once: what the agent's threads share is used by all of them while it changes.
// Without a sanitizer it shows that nobody notices; with ThreadSanitizer (./dev test threads) it
// looks for races.
#include <fmt/format.h>

#include <deque>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/e2e/checking_client.h"
#include "tests/e2e/shop.h"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* kAddress = "10.96.0.60";
constexpr int kRounds = 20;
constexpr Duration kRound = 250ms;

/// Service `busy`, with or without its second endpoint of v1.
std::string registry(const Lab& lab, bool all) {
  const auto endpoint = [&](const char* host, const char* version) {
    return fmt::format("  - {{address: {}, labels: {{version: {}}}}}\n",
                       lab.host(host).address4.text(), version);
  };
  return fmt::format(R"(apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: busy, namespace: default}}
spec:
  hosts: [busy.example]
  addresses: [{}]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{{number: 80, targetPort: 8080, name: http, protocol: HTTP}}]
  endpoints:
{}{}{})",
                     kAddress, endpoint("product-api-v1-a", "v1"), endpoint("product-api-v2", "v2"),
                     all ? endpoint("product-api-v1-b", "v1") : "");
}

/// A subset for each policy whose state the agent's threads share.
constexpr const char* kPolicies = R"(apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: busy, namespace: default}
spec:
  host: busy.example
  subsets:
  - {name: plain, labels: {version: v1}}
  - {name: other, labels: {version: v2}}
  - name: hashed
    labels: {version: v1}
    trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: user}}}
  - name: limited
    labels: {version: v1}
    trafficPolicy:
      connectionPool: {tcp: {maxConnections: 2}, http: {maxRequestsPerConnection: 5}}
  - name: watched
    labels: {version: v2}
    trafficPolicy:
      outlierDetection:
        {consecutive5xxErrors: 3, interval: 100ms, baseEjectionTime: 100ms, maxEjectionPercent: 100}
)";

/// With `share` percent of what no other rule takes for v1, the rest for v2.
std::string rules(int share) {
  return fmt::format(R"(apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: busy, namespace: default}}
spec:
  hosts: [busy.example]
  http:
  - match: [{{headers: {{group: {{exact: hashed}}}}}}]
    route: [{{destination: {{host: busy.example, subset: hashed}}}}]
  - match: [{{headers: {{group: {{exact: limited}}}}}}]
    route: [{{destination: {{host: busy.example, subset: limited}}}}]
  - match: [{{headers: {{group: {{exact: watched}}}}}}]
    retries: {{attempts: 2, retryOn: 5xx, backoff: 1ms}}
    route: [{{destination: {{host: busy.example, subset: watched}}}}]
  - match: [{{headers: {{group: {{exact: mirrored}}}}}}]
    fault: {{delay: {{fixedDelay: 1ms, percentage: {{value: 50}}}}}}
    mirrors: [{{destination: {{host: busy.example, subset: plain}}}}]
    timeout: 30s
    route: [{{destination: {{host: busy.example, subset: plain}}}}]
  - route:
    - {{destination: {{host: busy.example, subset: plain}}, weight: {}}}
    - {{destination: {{host: busy.example, subset: other}}, weight: {}}}
)",
                     share, 100 - share);
}

/// Requests of HTTP/2 until it is told to stop.
class Http2Client {
 public:
  explicit Http2Client(const Lab& lab) : lab_(lab), thread_([this] { run(); }) {}
  ~Http2Client() { join(); }
  Http2Client(const Http2Client&) = delete;
  Http2Client& operator=(const Http2Client&) = delete;

  Result<void> stop() {
    join();
    return outcome_;
  }

 private:
  void join() {
    stopped_ = true;
    if (thread_.joinable()) thread_.join();
  }

  void run() {
    while (!stopped_ && outcome_.ok()) outcome_ = once();
  }

  Result<void> once() {
    auto done = lab_.run("web", {"h2load", "-n400", "-c4", "-m10", "-H", "group: mirrored",
                                 fmt::format("http://{}/", kAddress)});
    if (!done) return std::move(done).error();
    if (done->out.find("status codes: 400 2xx") != std::string::npos) return {};
    return mismatch("h2load: " + done->out + done->err);
  }

  const Lab& lab_;
  std::atomic<bool> stopped_ = false;
  Result<void> outcome_;
  std::thread thread_;
};

class Load : public ShopTest {
 protected:
  std::deque<CheckingClient> clients() {
    const SocketAddress busy{*IpAddress::parse(kAddress), 80};
    std::deque<CheckingClient> all;
    for (const auto* group : {"hashed", "limited", "mirrored", "anybody"})
      for (const auto* user : {"ann", "ben"})
        all.emplace_back(busy,
                         CheckingClient::Habits{.headers = {{"group", group}, {"user", user}}});
    // What is ejected is missing meanwhile.
    all.emplace_back(busy, CheckingClient::Habits{.target = "/status?code=500",
                                                  .headers = {{"group", "watched"}},
                                                  .statuses = {500, 503}});
    all.emplace_back(busy, CheckingClient::Habits{.requests_per_connection = 3});
    return all;
  }

  /// One change, and everything that asks what is going on.
  Result<void> changeAndLook(int round) {
    const Lab& lab = shop().lab();
    if (round % 2 == 0)
      SLUICE_TRY(applyText("busy-rules.yaml", rules(50 + round % 50)));
    else
      SLUICE_TRY(applyText("busy.yaml", registry(lab, round % 4 == 1)));
    for (const char* what : {"connections", "endpoints", "services"})
      if (auto answer = ask({"get", what}); !answer) return std::move(answer).error();
    if (auto answer = counted("to_proxy"); !answer) return std::move(answer).error();
    return {};
  }

  Result<void> everythingAtOnce() {
    auto all = clients();
    Http2Client streams(shop().lab());
    const auto start = std::chrono::steady_clock::now();
    for (int round = 0; round < kRounds; ++round) {
      std::this_thread::sleep_until(start + round * kRound);  // the rate is the test's
      SLUICE_TRY(changeAndLook(round));
    }
    for (auto& client : all) {
      client.stop();
      SLUICE_TRY(client.verdict(kRounds));
    }
    return streams.stop();
  }
};

TEST_F(Load, ChangesAndQuestionsMeanwhileAreNoticedByNobody) {
  ASSERT_TRUE(applyText("busy.yaml", registry(shop().lab(), true)).ok());
  ASSERT_TRUE(applyText("busy-policies.yaml", kPolicies).ok());
  ASSERT_TRUE(applyText("busy-rules.yaml", rules(50)).ok());
  const auto agent = sluiced().agentPid();
  ASSERT_TRUE(agent.ok()) << agent.error().message();
  expectAsWeb([this] { return everythingAtOnce(); });
  const auto same = sluiced().agentPid();
  ASSERT_TRUE(same.ok()) << same.error().message();
  EXPECT_EQ(*same, *agent) << "the agent has died meanwhile";
}

}  // namespace
}  // namespace sluice::test
