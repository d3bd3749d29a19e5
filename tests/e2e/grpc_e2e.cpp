// SPDX-License-Identifier: Apache-2.0
// HTTP/2 with peers that are not ours: gRPC by python3-grpcio, load by h2load.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/e2e/shop.h"
#include "tests/support/programs.h"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* kPython = "/usr/bin/python3";
constexpr const char* kEcho = "10.96.0.30:7000";

/// Service `echo` with a version on each of two hosts, and its rules.
std::string registry(const Lab& lab) {
  return fmt::format(R"(apiVersion: v1
kind: Service
metadata: {{name: echo, namespace: default}}
spec:
  selector: {{app: product-api}}
  clusterIP: 10.96.0.30
  clusterIPs: [10.96.0.30]
  ports: [{{name: grpc, port: 7000, targetPort: 7070, protocol: TCP}}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: echo, namespace: default, labels: {{kubernetes.io/service-name: echo}}}}
addressType: IPv4
ports: [{{name: grpc, port: 7070, protocol: TCP}}]
endpoints:
  - addresses: ["{}"]
    targetRef: {{kind: Pod, name: product-api-v1-a, namespace: default}}
  - addresses: ["{}"]
    targetRef: {{kind: Pod, name: product-api-v2, namespace: default}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: echo, namespace: default}}
spec:
  host: echo
  subsets:
    - {{name: v1, labels: {{version: v1}}}}
    - {{name: v2, labels: {{version: v2}}}}
)",
                     lab.host("product-api-v1-a").address4.text(),
                     lab.host("product-api-v2").address4.text());
}

constexpr const char* kRules = R"(apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: echo, namespace: default}
spec:
  hosts: [echo]
  http:
    - match: [{headers: {user-group: {exact: beta}}}]
      route: [{destination: {host: echo, subset: v2}}]
    - match: [{headers: {user-group: {exact: unlucky}}}]
      fault: {abort: {grpcStatus: RESOURCE_EXHAUSTED, percentage: {value: 100}}}
      route: [{destination: {host: echo, subset: v1}}]
    - match: [{headers: {user-group: {exact: both}}}]
      route:
        - {destination: {host: echo, subset: v1}, weight: 50}
        - {destination: {host: echo, subset: v2}, weight: 50}
    - route: [{destination: {host: echo, subset: v1}}]
)";

class Grpc : public ShopTest {
 protected:
  void SetUp() override {
    ShopTest::SetUp();
    for (const auto& [host, name] : {std::pair{"product-api-v1-a", "v1"}, {"product-api-v2", "v2"}})
      serve(host, name);
    const auto applied = applyText("echo-registry.yaml", registry(shop().lab()));
    ASSERT_TRUE(applied.ok()) << applied.error().message();
    const auto ruled = applyText("echo.yaml", kRules);
    ASSERT_TRUE(ruled.ok()) << ruled.error().message();
  }

  /// What grpc_peer.py prints for `arguments`, as web.
  nlohmann::json call(const Arguments& arguments) {
    Arguments command{
        kPython, sourcePath("tests/support/grpc_peer.py"), "call", "--to", kEcho, "--authority",
        "echo"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const auto finished = shop().lab().run("web", command);
    if (!finished.ok() || finished->status != 0) {
      ADD_FAILURE() << (finished.ok() ? finished->err : finished.error().message());
      return nlohmann::json::array({nlohmann::json::object()});
    }
    return nlohmann::json::parse(finished->out);
  }

  /// Rules by header for the shop's own servers, which speak HTTP/1.1.
  void ruleProductApi() {
    for (const char* example : {"product-api-destinationrule.yaml", "product-api-header.yaml"}) {
      const auto applied = apply(example);
      ASSERT_TRUE(applied.ok()) << applied.error().message();
    }
  }

 private:
  void serve(const std::string& host, const std::string& name) {
    auto server = shop().lab().spawn(host,
                                     {kPython, sourcePath("tests/support/grpc_peer.py"), "serve",
                                      "--name", name, "--port", "7070"},
                                     Output::kPipe);
    ASSERT_TRUE(server.ok()) << server.error().message();
    const auto ready = server->readLine(20s);
    ASSERT_TRUE(ready.ok()) << ready.error().message();
    servers_.push_back(*std::move(server));
  }

  std::vector<Process> servers_;
};

TEST_F(Grpc, CallsOfAllKindsFollowTheRules) {
  const auto expect = [&](const Arguments& arguments, const std::vector<std::string>& answers) {
    const auto got = call(arguments)[0];
    EXPECT_EQ(got.value("status", ""), "OK") << got.dump();
    EXPECT_EQ(got.value("answers", std::vector<std::string>{}), answers);
  };
  expect({"Unary", "hi"}, {"v1:hi"});
  expect({"--metadata", "user-group=beta", "Unary", "hi"}, {"v2:hi"});
  expect({"--metadata", "user-group=beta", "Many", "3"}, {"v2:0", "v2:1", "v2:2"});
  expect({"--metadata", "user-group=beta", "Join", "a", "b"}, {"v2:a+b"});
  expect({"--metadata", "user-group=beta", "Chat", "a", "b", "c"}, {"v2:a", "v2:b", "v2:c"});
  EXPECT_EQ(call({"Unary", "hi"})[0]["trailing"]["x-served-by"], "v1");
}

TEST_F(Grpc, StatusesPassAndFaultsSpeakGrpc) {
  const auto failed = call({"Fail", "no such thing"})[0];
  EXPECT_EQ(failed["status"], "NOT_FOUND");
  EXPECT_EQ(failed["details"], "no such thing");
  const auto aborted = call({"--metadata", "user-group=unlucky", "Unary", "hi"})[0];
  EXPECT_EQ(aborted["status"], "RESOURCE_EXHAUSTED");
  const auto late = call({"--timeout", "0.3", "Wait", "10"})[0];
  EXPECT_EQ(late["status"], "DEADLINE_EXCEEDED");
  for (const std::string status : {"5", "8"})
    EXPECT_EQ(*sample("sluice_request_duration_seconds_count{source=\"default/web\",service="
                      "\"echo.default.svc.cluster.local:7000\",subset=\"v1\",code_class=\"2xx\","
                      "grpc_status=\"" +
                      status + "\"}"),
              1u);
}

TEST_F(Grpc, EachCallOfAConnectionIsBalancedByItself) {
  Tally tally;
  for (const auto& each : call({"--metadata", "user-group=both", "--repeat", "400", "Unary", "x"}))
    ++tally[each["answers"].empty() ? "none" : each["answers"][0].get<std::string>().substr(0, 2)];
  expectShares(tally, {{"v1", 50}, {"v2", 50}});
}

TEST_F(Grpc, ManyRequestsAtOnceReachServersOfHttp1) {
  ruleProductApi();
  const auto finished = shop().lab().run("web", {"h2load", "-n", "2000", "-c", "4", "-m", "50",
                                                 "-H", "user-group: beta", "http://product-api/"});
  ASSERT_TRUE(finished.ok()) << finished.error().message();
  EXPECT_NE(finished->out.find("2000 succeeded, 0 failed, 0 errored"), std::string::npos)
      << finished->out << finished->err;
  EXPECT_NE(finished->out.find("status codes: 2000 2xx"), std::string::npos) << finished->out;
}

/// The lines of h2spec's failures.
std::vector<std::string> failuresIn(const std::string& report) {
  std::vector<std::string> failures;
  std::istringstream lines(report.substr(std::min(report.find("Failures:"), report.size())));
  for (std::string line; std::getline(lines, line);)
    if (const auto cross = line.find("\u00d7 "); cross != line.npos)
      failures.push_back(line.substr(cross + 3));
  return failures;
}

// Conformance to RFC 9113 and RFC 7541 as h2spec sees it. It is no package of Debian.
TEST_F(Grpc, H2specFindsWhatIsKnown) {
  const auto found = shop().lab().run("web", {"h2spec", "--version"});
  if (!found.ok() || found->status != 0)
    GTEST_SKIP() << "no h2spec on PATH: go install "
                    "github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible";
  ruleProductApi();
  const auto finished =
      shop().lab().run("web", {"h2spec", "-h", "10.96.0.10", "-p", "80", "-o", "5"});
  ASSERT_TRUE(finished.ok()) << finished.error().message();
  EXPECT_NE(finished->out.find("145 tests"), std::string::npos) << finished->out;
  // The port speaks HTTP/1.1 as well, and answers what is no preface in that; nghttp2 takes the
  // second for a frame on a stream that is closed.
  const std::vector<std::string> known{
      "2: Sends invalid connection preface",
      "2: Sends stream identifier that is numerically smaller than previous"};
  EXPECT_EQ(failuresIn(finished->out), known) << finished->out;
}

}  // namespace
}  // namespace sluice::test
