// SPDX-License-Identifier: Apache-2.0
// Applications in other languages see the same whether they call a server directly, as a service of
// the connect path, or through the proxy: answers, names of their sockets' ends, refusals, silence.
#include <fmt/format.h>

#include <cstdlib>
#include <sstream>

#include "tests/e2e/shop.h"
#include "tests/support/files.h"
#include "tests/support/programs.h"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

constexpr auto kLongestRun = 4min;
constexpr const char* kPython = "/usr/bin/python3";

/// A service with one endpoint for each family.
std::string serviceYaml(const std::string& name, int number, const Place& server, int http_port) {
  std::string text = fmt::format(R"(apiVersion: v1
kind: Service
metadata: {{name: {0}, namespace: default}}
spec:
  clusterIPs: [10.96.1.{1}, "fd77:0:0:96::1:{1}"]
  ports:
    - {{name: http, port: 80, protocol: TCP}}
    - {{name: tcp-echo, port: 9000, protocol: TCP}}
---
)",
                                 name, number);
  for (const auto& address : {server.address4, server.address6})
    text += fmt::format(R"(apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: {0}-v{1}
  namespace: default
  labels: {{kubernetes.io/service-name: {0}}}
addressType: IPv{1}
ports:
  - {{name: http, port: {2}, protocol: TCP}}
  - {{name: tcp-echo, port: 9090, protocol: TCP}}
endpoints: [{{addresses: ["{3}"]}}]
---
)",
                        name, address.isV4() ? 4 : 6, http_port, address.text());
  return text;
}

/// Both routes lead to the same endpoint, but somebody has to look at the requests.
constexpr const char* kProxied = R"(apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: proxied, namespace: default}
spec:
  hosts: [proxied]
  http:
    - match: [{headers: {x-group: {exact: beta}}}]
      route: [{destination: {host: proxied}}]
    - route: [{destination: {host: proxied}}]
)";

constexpr uint16_t kClosedPort = 8089;

/// What an application calls, and the target that must look the same.
struct Target {
  std::string name;
  SocketAddress address;
  std::string like = "";

  std::string argument() const { return name + "=" + address.text(); }
};

/// What each client of an application has seen of each target: "http.client/proxy4" -> findings.
using Findings = std::map<std::string, std::string>;

Findings findingsOf(const std::string& output) {
  Findings findings;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    const size_t blank = std::min(line.find(' '), line.size());
    findings[line.substr(0, blank)] += line.substr(blank) + "\n";
  }
  return findings;
}

bool installed(const std::string& program) {
  const auto found = run(nullptr, {"sh", "-c", "command -v " + program});
  return found.ok() && found->status == 0;
}

class Applications : public ShopTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(ShopTest::SetUp());
    server_ = &shop().lab().host("ratings-v1");
    Place nobody = *server_;
    nobody.address4 = *IpAddress::parse("10.77.0.250");
    nobody.address6 = *IpAddress::parse("fd77::250");
    const std::string services =
        serviceYaml("direct", 1, *server_, 8080) + serviceYaml("proxied", 2, *server_, 8080) +
        serviceYaml("closed", 3, *server_, kClosedPort) + serviceYaml("silent", 4, nobody, 8080);
    const auto applied = applyText("services.yaml", services + kProxied);
    ASSERT_TRUE(applied.ok()) << applied.error().message();
    expectAsWeb(shortenSilence);
    for (const auto& [own, nobody_there, name] :
         {std::tuple(server_->address4, nobody.address4, "4"),
          std::tuple(server_->address6, nobody.address6, "6")})
      addTargets(own, nobody_there, name);
  }

  /// The network says sooner that nobody has an address: after 0.3 s instead of three.
  static Result<void> shortenSilence() {
    for (const char* family : {"ipv4", "ipv6"})
      SLUICE_TRY(
          writeFile(fmt::format("/proc/sys/net/{}/neigh/eth0/retrans_time_ms", family), "100"));
    return {};
  }

  void addTargets(const IpAddress& server, const IpAddress& nobody, const std::string& family) {
    const auto service = [&](int number) {
      const char* prefix = server.isV4() ? "10.96.1." : "fd77:0:0:96::1:";
      return *IpAddress::parse(prefix + std::to_string(number));
    };
    const auto add = [&](const char* name, const IpAddress& ip, uint16_t port,
                         const std::string& like = "") {
      targets_.push_back({name + family, {ip, port}, like.empty() ? "" : like + family});
    };
    add("server", server, 8080);
    add("connect", service(1), 80, "server");
    add("proxy", service(2), 80, "server");
    add("closed-server", server, kClosedPort);
    add("closed", service(3), 80, "closed-server");
    // It takes a while to find out that nobody is there: once.
    if (nobody.isV4()) add("silent-server", nobody, 8080);
    if (nobody.isV4()) add("silent", service(4), 80, "silent-server");
    add("echo-server", server, 9090);
    add("echo", service(1), 9000, "echo-server");
  }

  /// Those whose names do not begin with one of `without`.
  Arguments targets(const std::vector<std::string>& without) const {
    Arguments arguments;
    for (const auto& target : targets_)
      if (std::ranges::none_of(without, [&](const auto& w) { return target.name.starts_with(w); }))
        arguments.push_back(target.argument());
    return arguments;
  }

  /// Runs `application` as web, with these targets; everything that it finds must be the same.
  void expectAlike(Arguments application, const Arguments& arguments) {
    application.insert(application.end(), arguments.begin(), arguments.end());
    const auto done = shop().lab().run("web", application, kLongestRun);
    ASSERT_TRUE(done.ok()) << done.error().message();
    ASSERT_EQ(done->status, 0) << done->out << done->err;
    const auto findings = findingsOf(done->out);
    ASSERT_FALSE(findings.empty()) << done->err;
    for (const auto& [of, found] : findings) expectAlike(findings, of, found);
    EXPECT_GT(*counted("steered"), 0u);
    EXPECT_GT(*counted("to_proxy"), 0u);
  }

  void expectAlike(const Findings& findings, const std::string& of, const std::string& found) {
    const size_t slash = of.find('/');
    for (const auto& target : targets_) {
      if (target.name != of.substr(slash + 1) || target.like.empty()) continue;
      const auto same = findings.find(of.substr(0, slash + 1) + target.like);
      ASSERT_NE(same, findings.end()) << of;
      EXPECT_EQ(found, same->second) << of;
    }
  }

  static std::string client(const std::string& file) {
    return sourcePath("tests/e2e/applications/" + file);
  }

  std::string file(const std::string& name) const { return shop().lab().directory() / name; }

  const Place* server_ = nullptr;
  std::vector<Target> targets_;
};

TEST_F(Applications, Curl) {
  expectAlike({"env", "BODY=" + file("body"), "sh", client("curl.sh")}, targets({"echo"}));
}

TEST_F(Applications, PythonsHttpClientAndAsyncio) {
  expectAlike({kPython, client("http_clients.py"), "http.client,asyncio"}, targets({"echo"}));
}

TEST_F(Applications, SocketsBlockingPolledAndInBothModesOfEpoll) {
  expectAlike({kPython, client("sockets.py")}, targets({}));
}

TEST_F(Applications, Node) {
  if (!installed("node")) GTEST_SKIP() << "node is not installed";
  expectAlike({"node", client("client.js")}, targets({"echo"}));
}

TEST_F(Applications, Java) {
  if (!installed("javac")) GTEST_SKIP() << "there is no JDK";
  expectAlike({"java", "-Djdk.httpclient.allowRestrictedHeaders=host", client("Client.java")},
              targets({"echo"}));
}

TEST_F(Applications, Go) {
  if (!installed("go")) GTEST_SKIP() << "Go is not on PATH";
  // The cache stays with the build: the first time it compiles the library.
  const auto cache = std::filesystem::path(programPath("sluiced")).parent_path() / "go-cache";
  const auto built =
      run(nullptr,
          {"env", "GOCACHE=" + cache.string(), "GO111MODULE=off", "CGO_ENABLED=0",
           "GOTOOLCHAIN=local", "go", "build", "-o", file("client"), client("client.go")},
          kLongestRun);
  ASSERT_TRUE(built.ok()) << built.error().message();
  ASSERT_EQ(built->status, 0) << built->err;
  expectAlike({file("client")}, targets({"echo"}));
}

constexpr const char* kNginx = R"(daemon off;
master_process off;
pid {0}/nginx-client.pid;
error_log {0}/nginx-client.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {0};
  proxy_temp_path {0};
{1}  server {{
    listen 127.0.0.1:8000;
    client_max_body_size 0;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host app.example;
    proxy_connect_timeout 5s;
    proxy_read_timeout 20s;
{2}  }}
}}
)";

TEST_F(Applications, NginxAsAClient) {
  if (!installed("nginx")) GTEST_SKIP() << "nginx is not installed";
  std::string upstreams, locations;
  Arguments through_nginx;
  for (const auto& target : targets_) {
    if (target.name.starts_with("echo")) continue;
    upstreams += fmt::format("  upstream {} {{ server {}; keepalive 4; }}\n", target.name,
                             target.address.text());
    locations += fmt::format("    location /{0}/ {{ proxy_pass http://{0}/; }}\n", target.name);
    through_nginx.push_back(target.name + "=127.0.0.1:8000/" + target.name);
  }
  const std::string config = file("nginx-client.conf");
  ASSERT_TRUE(writeFile(config, fmt::format(kNginx, shop().lab().directory().string(), upstreams,
                                            locations))
                  .ok());
  const auto nginx = shop().lab().spawn("web", {"nginx", "-c", config});
  ASSERT_TRUE(nginx.ok()) << nginx.error().message();
  const auto there = shop().lab().run(
      "web", {"curl", "-s", "-o", "/dev/null", "--retry", "100", "--retry-connrefused",
              "--retry-delay", "1", "http://127.0.0.1:8000/"});
  ASSERT_TRUE(there.ok() && there->status == 0) << "nginx does not come up";
  expectAlike({kPython, client("http_clients.py"), "http.client"}, through_nginx);
}

}  // namespace
}  // namespace sluice::test
