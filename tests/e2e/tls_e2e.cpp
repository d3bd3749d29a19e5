// SPDX-License-Identifier: Apache-2.0
// TLS towards servers that are not ours: nginx, and gRPC by python3-grpcio. The agent does it
// within its sandbox.
#include <fmt/format.h>

#include "tests/e2e/shop.h"
#include "tests/support/files.h"
#include "tests/support/programs.h"
#include "tests/support/tls_files.h"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* kServerHost = "product-api-v1-a";

/// Service `partner`: HTTP on port 80, gRPC on port 7000.
constexpr const char* kRegistry = R"(apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: partner, namespace: default}}
spec:
  hosts: [partner.example]
  addresses: [10.96.0.40]
  location: MESH_EXTERNAL
  resolution: STATIC
  ports:
    - {{number: 80, name: http, protocol: HTTP, targetPort: 8443}}
    - {{number: 7000, name: grpc, protocol: GRPC, targetPort: 7443}}
  endpoints: [{{address: "{}"}}]
)";

constexpr const char* kNginx = R"(daemon off;
pid {0}/nginx-tls.pid;
error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path {0};
  server {{
    listen {1}:8443 ssl http2;
    ssl_certificate {2};
    ssl_certificate_key {3};
    ssl_client_certificate {4};
    ssl_verify_client optional;
    ssl_protocols TLSv1.2 TLSv1.3;
    location / {{
      return 200 "$ssl_protocol $ssl_server_name $ssl_client_verify $server_protocol $ssl_session_reused\n";
    }}
  }}
}}
)";

class TlsOrigination : public ShopTest {
 protected:
  void SetUp() override {
    ShopTest::SetUp();
    good(files_.makeAuthority("ca"));
    good(files_.makeAuthority("other"));
    good(files_.make("server", "ca", "DNS:partner.example"));
    good(files_.make("alice", "ca", "DNS:alice"));
    trust("ca");
    startNginx();
    const auto address = shop().lab().host(kServerHost).address4.text();
    good(applyText("partner.yaml", fmt::format(kRegistry, address)));
  }

  static void good(const Result<void>& done) { ASSERT_TRUE(done.ok()) << done.error().message(); }

  /// What the rules' authorities are from now on.
  void trust(const std::string& name) {
    const auto text = readFile(files_.certificate(name));
    ASSERT_TRUE(text.ok()) << text.error().message();
    good(replaceFile(files_.path("trusted.pem"), *text));
  }

  /// `more`: fields behind the mode and the authorities.
  void rule(const std::string& mode, const std::string& more = "") {
    good(applyText("partner-tls.yaml",
                   fmt::format("apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"
                               "metadata: {{name: partner, namespace: default}}\n"
                               "spec:\n  host: partner.example\n"
                               "  trafficPolicy: {{tls: {{mode: {}, caCertificates: {}{}}}}}\n",
                               mode, files_.path("trusted.pem"), more)));
  }

  /// What web gets of the partner, the status behind the body.
  std::string get() {
    const auto finished =
        shop().lab().run("web", {"curl", "-s", "-m", "10", "-w", "%{http_code}", "-H",
                                 "Host: partner.example", "http://10.96.0.40/"});
    return finished.ok() ? finished->out : finished.error().message();
  }

  TlsFiles files_;
  std::vector<Process> servers_;

 private:
  void startNginx() {
    const auto& lab = shop().lab();
    const auto address = lab.host(kServerHost).address4.text();
    const auto file = lab.directory() / "nginx-tls.conf";
    good(writeFile(
        file, fmt::format(kNginx, lab.directory().string(), address, files_.certificate("server"),
                          files_.key("server"), files_.certificate("ca"))));
    auto nginx = lab.spawn(kServerHost, {"nginx", "-c", file, "-p", lab.directory()});
    ASSERT_TRUE(nginx.ok()) << nginx.error().message();
    servers_.push_back(*std::move(nginx));
    const auto there = lab.run(
        kServerHost, {"curl", "-sk", "-o", "/dev/null", "--retry", "100", "--retry-connrefused",
                      "--retry-max-time", "20", "https://" + address + ":8443/"});
    ASSERT_TRUE(there.ok() && there->status == 0) << "nginx does not answer";
  }
};

TEST_F(TlsOrigination, NginxIsSpokenToThroughTls) {
  rule("SIMPLE");
  EXPECT_EQ(get(), "TLSv1.3 partner.example NONE HTTP/1.1 .\n200");
  rule("MUTUAL", fmt::format(", clientCertificate: {}, privateKey: {}", files_.certificate("alice"),
                             files_.key("alice")));
  EXPECT_EQ(get(), "TLSv1.3 partner.example SUCCESS HTTP/1.1 .\n200");
  rule("SIMPLE", ", subjectAltNames: [somebody.example]");
  EXPECT_NE(get().find("transport failure reason: wrong_name"), std::string::npos);
  EXPECT_NE(get().find("503"), std::string::npos);
}

TEST_F(TlsOrigination, FilesThatAreReplacedComeIntoForce) {
  rule("SIMPLE");
  ASSERT_NE(get().find("200"), std::string::npos);
  trust("other");
  EXPECT_TRUE(inTime([this] { return get(); }, "untrusted"));
  good(replaceFile(files_.path("trusted.pem"), "garbage"));
  EXPECT_TRUE(inTime([this] { return get(); }, "cannot be used"));
  const auto status = sluiced().status();
  ASSERT_TRUE(status.ok());
  ASSERT_EQ(status->at("unusableTls").size(), 1u) << status->dump();
  EXPECT_NE(status->at("unusableTls")[0].at("message").get<std::string>().find("trusted.pem"),
            std::string::npos);
  trust("ca");
  EXPECT_TRUE(inTime([this] { return get(); }, "200"));
}

TEST_F(TlsOrigination, GrpcServers) {
  const auto& lab = shop().lab();
  auto server = lab.spawn(kServerHost,
                          {"/usr/bin/python3", sourcePath("tests/support/grpc_peer.py"), "serve",
                           "--name", "partner", "--port", "7443", "--certificate",
                           files_.certificate("server"), "--key", files_.key("server")},
                          Output::kPipe);
  ASSERT_TRUE(server.ok()) << server.error().message();
  const auto ready = server->readLine(20s);
  ASSERT_TRUE(ready.ok()) << ready.error().message();
  rule("SIMPLE");
  const auto call = [&](const Arguments& what) {
    Arguments command{"/usr/bin/python3",
                      sourcePath("tests/support/grpc_peer.py"),
                      "call",
                      "--to",
                      "10.96.0.40:7000",
                      "--authority",
                      "partner.example"};
    command.insert(command.end(), what.begin(), what.end());
    const auto finished = lab.run("web", command);
    return finished.ok() ? finished->out : finished.error().message();
  };
  EXPECT_NE(call({"Unary", "hi"}).find("partner:hi"), std::string::npos);
  EXPECT_NE(call({"Chat", "a", "b"}).find("\"partner:a\", \"partner:b\""), std::string::npos);
  trust("other");
  EXPECT_TRUE(inTime([this] { return get(); }, "untrusted"));
  EXPECT_NE(call({"Unary", "hi"}).find("UNAVAILABLE"), std::string::npos);
}

}  // namespace
}  // namespace sluice::test
