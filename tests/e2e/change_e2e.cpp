// SPDX-License-Identifier: Apache-2.0
// Rules that change under load.
#include <fmt/format.h>

#include <atomic>
#include <thread>

#include "tests/e2e/shop.h"
#include "userspace/base/clock.h"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

constexpr int kChanges = 200;
constexpr Duration kTotal = 20s;

/// Sends requests with bodies over one connection, checks each answer, until told to stop.
class CheckingClient {
 public:
  explicit CheckingClient(HttpConnection connection) : connection_(std::move(connection)) {
    thread_ = std::thread([this] { run(); });
  }
  ~CheckingClient() { stop(); }
  CheckingClient(const CheckingClient&) = delete;
  CheckingClient& operator=(const CheckingClient&) = delete;

  void stop() {
    stopped_ = true;
    if (thread_.joinable()) thread_.join();
  }

  /// After stop().
  const std::string& failure() const { return failure_; }
  uint64_t requests() const { return requests_; }

 private:
  void run() {
    while (!stopped_ && failure_.empty()) once();
  }

  void once() {
    HttpRequest request;
    request.method = "POST";
    request.target = "/echo";
    request.body = patternBytes(requests_ * 977, 100 + requests_ % 5000);
    request.chunked = requests_ % 3 == 0;
    const auto response = connection_.exchange(request);
    if (!response)
      failure_ = response.error().message();
    else if (response->status != 200 || response->body != request.body)
      failure_ = fmt::format("request {}: status {}, {} of {} bytes", requests_, response->status,
                             response->body.size(), request.body.size());
    ++requests_;
  }

  HttpConnection connection_;
  std::atomic<bool> stopped_ = false;
  std::string failure_;
  uint64_t requests_ = 0;
  std::thread thread_;
};

std::string allTo(const std::string& subset) {
  return fmt::format(R"(apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: product-api, namespace: default}}
spec:
  hosts: [product-api]
  http:
  - match:
    - uri: {{prefix: /}}
      headers: {{x-nobody: {{exact: sends-this}}}}
    route:
    - destination: {{host: product-api, subset: v1}}
  - route:
    - destination: {{host: product-api, subset: {}}}
)",
                     subset);
}

Error stalled(const CheckingClient& client) {
  return mismatch("client under load: " + client.failure());
}

class Change : public ShopTest {
 protected:
  /// Applies `subset` and asks, on a connection that is open already, who answers now.
  Result<void> changeTo(const std::string& subset, HttpConnection& probe) {
    SLUICE_TRY(applyText("virtualservice.yaml", allTo(subset)));
    auto answer = probe.exchange({});
    if (!answer) return std::move(answer).error();
    if (versionOf(answer->servedBy()) == subset) return {};
    return mismatch(fmt::format("after the change to {} was acknowledged: served by {}", subset,
                                answer->servedBy()));
  }

  Result<void> changeAllTheTime() {
    auto open = connections(productApi(), 4);
    if (!open) return std::move(open).error();
    HttpConnection probe = std::move(open->back());
    open->pop_back();
    std::vector<std::unique_ptr<CheckingClient>> clients;
    for (auto& connection : *open)
      clients.push_back(std::make_unique<CheckingClient>(std::move(connection)));
    const SteadyClock clock;
    const TimePoint start = clock.now();
    for (int i = 0; i < kChanges; ++i) {
      std::this_thread::sleep_until(start + i * (kTotal / kChanges));  // the rate is the test's
      SLUICE_TRY(changeTo(i % 2 == 0 ? "v2" : "v1", probe));
    }
    for (auto& client : clients) {
      client->stop();
      if (!client->failure().empty()) return stalled(*client);
      if (client->requests() < kChanges) return mismatch("a client hardly ran");
    }
    return {};
  }
};

TEST_F(Change, TwoHundredInTwentySecondsFailNoRequestAndActOnTheNextOne) {
  ASSERT_TRUE(apply("product-api-destinationrule.yaml").ok());
  ASSERT_TRUE(applyText("virtualservice.yaml", allTo("v1")).ok());
  expectAsWeb([this] { return changeAllTheTime(); });
}

}  // namespace
}  // namespace sluice::test
