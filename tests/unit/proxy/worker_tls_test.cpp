// SPDX-License-Identifier: Apache-2.0
// Servers that are spoken to through TLS: whom the proxy trusts, and what it says of itself.
#include "tests/support/files.h"
#include "tests/unit/proxy/tls_fixture.h"

namespace sluice::proxy::test {
namespace {

std::string ok(std::string_view) { return kOk; }

class Tls : public TlsTest {
 protected:
  Tls() { serve(ok); }
};

TEST_F(Tls, AVerifiedServerGetsTheRequest) {
  encrypt("server");
  route(simple());
  EXPECT_EQ(get(), kOk);
  const Facts said = handshake();
  EXPECT_EQ(said["sni"], "server.example");
  EXPECT_EQ(said["version"], "TLSv1.3");
  EXPECT_TRUE(said["alpn"].is_null()) << "Istio: nothing for HTTP/1.1";
  EXPECT_TRUE(said["client"].is_null());
  EXPECT_EQ(worker_->stats().tls_connections, 1u);
}

TEST_F(Tls, ConnectionsAreKeptForTheNextRequest) {
  encrypt("server");
  route(simple());
  Peer& client = connect();
  const std::string request = "GET / HTTP/1.1\r\nHost: server.example\r\n\r\n";
  EXPECT_EQ(answerTo(client, request), kOk);
  settle();  // offers to resume the session come in, and are no reason to close
  EXPECT_EQ(answerTo(client, request), kOk);
  EXPECT_EQ(answerTo(connect(), request), kOk);
  EXPECT_EQ(servers_[0]->connections().size(), 1u);
  EXPECT_EQ(worker_->stats().upstream_reused, 2u);
}

TEST_F(Tls, AnAuthorityThatIsNotTrusted) {
  encrypt("server");
  ClientTlsSettings settings = simple();
  settings.ca_certificates = files_->certificate("other");
  EXPECT_EQ(failureOf(settings), "untrusted");
  EXPECT_EQ(servers_[0]->connections().size(), 0u) << "nothing reaches the server";
  EXPECT_EQ(worker_->stats().tls_untrusted, 3u) << "Istio: two more tries";
  EXPECT_EQ(worker_->stats().tls_connections, 0u);
}

TEST_F(Tls, WithoutAnAuthorityThoseOfTheSystemAreTrusted) {
  encrypt("server");
  ClientTlsSettings settings = simple();
  settings.ca_certificates.clear();
  EXPECT_EQ(failureOf(settings), "untrusted");
}

TEST_F(Tls, ACertificateThatHasExpired) {
  encrypt("old");
  EXPECT_EQ(failureOf(simple()), "not_valid_now");
  EXPECT_EQ(worker_->stats().tls_not_valid_now, 3u);
}

TEST_F(Tls, ARevokedCertificate) {
  using sluice::test::runChecked;
  const auto path = [](const char* file) { return files_->path(file); };
  ASSERT_TRUE(sluice::test::writeFile(path("index"), "").ok());
  ASSERT_TRUE(
      sluice::test::writeFile(path("ca.cnf"), "[ca]\ndefault_ca=d\n[d]\ndatabase=" + path("index") +
                                                  "\ndefault_md=sha256\ndefault_crl_days=1\n")
          .ok());
  const auto ca = [&](std::vector<std::string> more) {
    sluice::test::Arguments arguments{"openssl", "ca",           "-config",  path("ca.cnf"),
                                      "-cert",   path("ca.pem"), "-keyfile", path("ca.key")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto done = runChecked(arguments);
    ASSERT_TRUE(done.ok()) << done.error().message();
  };
  encrypt("server");
  ClientTlsSettings settings = simple();
  settings.ca_crl = path("none.crl");
  ca({"-gencrl", "-out", path("none.crl")});
  EXPECT_EQ(failureOf(settings), "");
  ca({"-revoke", path("server.pem")});
  ca({"-gencrl", "-out", path("one.crl")});
  settings.ca_crl = path("one.crl");
  EXPECT_EQ(failureOf(settings), "revoked");
}

TEST_F(Tls, WithoutNamesTheServerMustHaveThatOfTheRequest) {
  encrypt("server");
  EXPECT_EQ(failureOf(simple(), "other.example"), "wrong_name");
  EXPECT_EQ(handshake().count("failed"), 1u);
  EXPECT_EQ(failureOf(simple(), "SERVER.example:8443"), "");
  EXPECT_EQ(failureOf(simple(), "a.wild.example"), "");
  EXPECT_EQ(failureOf(simple(), "a.b.wild.example"), "wrong_name");
}

TEST_F(Tls, AnyOfTheNamesThatThePolicyAllows) {
  encrypt("server");
  const auto with = [](std::vector<std::string> names) {
    ClientTlsSettings settings = simple();
    settings.subject_alt_names = std::move(names);
    return settings;
  };
  const std::string host = "unrelated.example";
  EXPECT_EQ(failureOf(with({"server.example"}), host), "");
  EXPECT_EQ(failureOf(with({"x.example", "spiffe://mesh/ns/shop/sa/server"}), host), "");
  EXPECT_EQ(failureOf(with({"127.0.0.9"}), host), "");
  EXPECT_EQ(failureOf(with({"ops@server.example"}), host), "");
  EXPECT_EQ(failureOf(with({"spiffe://mesh/ns/shop/sa/serve"}), host), "wrong_name");
  EXPECT_EQ(failureOf(with({"127.0.0.8"}), host), "wrong_name");
  EXPECT_EQ(failureOf(with({".server.example"}), host), "wrong_name");
  EXPECT_EQ(failureOf(with({"server"}), host), "wrong_name") << "that is its subject";
  EXPECT_EQ(worker_->stats().tls_wrong_name, 12u);
}

TEST_F(Tls, ANameOfThePolicyIsAskedForAndNotChecked) {
  encrypt("server");
  ClientTlsSettings settings = simple();
  settings.sni = "front.example";
  EXPECT_EQ(failureOf(settings, "unrelated.example"), "");
  EXPECT_EQ(handshake()["sni"], "front.example");
}

TEST_F(Tls, AnAddressIsNoServerName) {
  encrypt("server");
  EXPECT_EQ(failureOf(simple(), "127.0.0.9:80"), "");
  EXPECT_TRUE(handshake()["sni"].is_null());
}

TEST_F(Tls, NobodyIsCheckedWhereThePolicySaysSo) {
  encrypt("old");
  ClientTlsSettings settings;
  settings.mode = Mode::kSimple;
  settings.insecure_skip_verify = true;
  EXPECT_EQ(failureOf(settings, "unrelated.example"), "");
}

TEST_F(Tls, AClientWithACertificateIsWelcome) {
  encrypt("server", {"--client-ca", files_->certificate("ca")});
  route(mutual("alice"));
  EXPECT_EQ(get(), kOk);
  EXPECT_EQ(handshake()["client"], "alice");
}

/// With TLS 1.3 the server refuses when the client's handshake is over and its request is on the
/// way: it counts as a connection that could not be made all the same.
TEST_F(Tls, AClientWithoutACertificateIsRefused) {
  encrypt("server", {"--client-ca", files_->certificate("ca")});
  EXPECT_EQ(failureOf(simple()), "refused");
  EXPECT_EQ(failureOf(mutual("mallory")), "refused");
  encrypt("server", {"--client-ca", files_->certificate("ca"), "--newest", "TLSv1_2"});
  EXPECT_EQ(failureOf(simple()), "refused");
  EXPECT_EQ(servers_[0]->connections().size(), 0u);
}

TEST_F(Tls, TheClientLearnsWhatHasFailed) {
  encrypt("old");
  route(simple());
  const auto answer = answerInTime(connect(), "GET / HTTP/1.1\r\nHost: server.example\r\n\r\n",
                                   "(certificate has expired)");
  EXPECT_THAT(answer, testing::HasSubstr("503 Service Unavailable"));
  EXPECT_THAT(answer, testing::HasSubstr("transport failure reason: not_valid_now: "));
}

TEST_F(Tls, AServerThatSpeaksFirst) {
  servers_.clear();
  serve();
  route(simple());
  connect().send("GET / HTTP/1.1\r\nHost: server.example\r\n\r\n");
  for (size_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(inTime([&] { return servers_[0]->connections().size() > i; }));
    servers_[0]->connection(i).send("220 mail.example ESMTP\r\n");
  }
  ASSERT_TRUE(inTime([&] { return !log_.entries.empty(); }));
  EXPECT_EQ(log_.entries[0].flags, "UF,URX");
  EXPECT_EQ(worker_->stats().tls_protocol, 3u);
}

TEST_F(Tls, AHandshakeThatNeverEndsIsAConnectionThatCannotBeMade) {
  servers_.clear();
  serve();
  route(simple());
  connect().send("GET / HTTP/1.1\r\nHost: server.example\r\n\r\n");
  ASSERT_TRUE(until([&] { return servers_[0]->connections().size() == 1; }));
  EXPECT_TRUE(until([&] {
    clock_.advance(1s);
    return !log_.entries.empty();
  }));
  EXPECT_EQ(log_.entries[0].flags, "UF,URX");
}

TEST_F(Tls, FailedHandshakesCountForOutliersAndAreTriedElsewhere) {
  encrypt("old");
  serve(ok);
  encrypt("server");
  OutlierDetection policy;
  policy.consecutive_5xx_errors = 1;
  policy.max_ejection_percent = 100;
  route(simple(), [&](ProxyRule& rule) {
    ProxyCluster& cluster = rule.destinations[0];
    cluster.outliers = outliers_.detector("tls", balance::OutlierSettings::of(policy));
    std::vector<SocketAddress> members;
    for (const auto& endpoint : cluster.endpoints) members.push_back(endpoint.address);
    const auto monitors = cluster.outliers->setMembers(members);
    for (size_t i = 0; i < monitors.size(); ++i) cluster.endpoints[i].monitor = monitors[i];
  });
  for (int i = 0; i < 20; ++i) ASSERT_EQ(get(), kOk);
  EXPECT_EQ(outliers_.status().at("tls").ejected.size(), 1u);
}

TEST_F(Tls, FilesThatCannotBeUsed) {
  encrypt("server");
  ClientTlsSettings settings = simple();
  settings.ca_certificates = files_->path("none.pem");
  EXPECT_EQ(failureOf(settings), "unusable");
  EXPECT_EQ(worker_->stats().tls_unusable, 1u);
  const auto answer = answerInTime(connect(), kGet, "cannot be used");
  EXPECT_THAT(answer, testing::HasSubstr("503 Service Unavailable"));
  EXPECT_THAT(answer, testing::Not(testing::HasSubstr("none.pem"))) << "not the client's business";
}

TEST_F(Tls, SessionsAreResumed) {
  encrypt("server");
  route(simple(), [this](ProxyRule& rule) {
    ConnectionPoolSettings pool;
    pool.http.emplace().max_requests_per_connection = 1;
    rule.destinations[0].pool =
        std::make_shared<const ClusterPool>(PoolSettings::of(pool), pools_.of("tls"));
  });
  EXPECT_EQ(get(), kOk);
  EXPECT_EQ(handshake()["resumed"], false);
  EXPECT_EQ(get(), kOk);
  EXPECT_EQ(handshake()["resumed"], true);
}

TEST_F(Tls, ConnectionsOfOtherPoliciesAreNotUsed) {
  encrypt("server", {"--client-ca", files_->certificate("ca")});
  route(mutual("alice"));
  EXPECT_EQ(get(), kOk);
  EXPECT_EQ(failureOf(simple()), "refused");
  route(mutual("server"));
  EXPECT_EQ(get(), kOk);
  EXPECT_EQ(servers_[0]->connections().size(), 2u);
}

TEST_F(Tls, CopiesAreEncryptedToo) {
  serve(ok);
  encrypt("server");
  route(simple(), [](ProxyRule& rule) {
    ProxyCluster& plain = rule.destinations[0];
    ProxyCluster copies = plain;
    copies.endpoints.erase(copies.endpoints.begin());
    rule.mirrors.push_back({std::move(copies), Percent{1'000'000}});
    plain.tls.reset();
    plain.endpoints.pop_back();
  });
  EXPECT_EQ(get(), kOk);
  EXPECT_TRUE(inTime([&] { return servers_[1]->requests() == 1; }));
  EXPECT_EQ(handshake()["sni"], "server.example");
}

}  // namespace
}  // namespace sluice::proxy::test
