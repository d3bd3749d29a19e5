// SPDX-License-Identifier: Apache-2.0
// Policies of TLS and their files.
#include <fcntl.h>
#include <sys/stat.h>

#include "tests/support/files.h"
#include "tests/support/process.h"
#include "tests/unit/proxy/tls_fixture.h"
#include "userspace/proxy/tls/clients.h"

namespace sluice::proxy::test {
namespace {

using tls::Clients;

class TlsPolicies : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    files_ = std::make_unique<TlsFiles>();
    fill(*files_);
  }
  static void TearDownTestSuite() { files_.reset(); }

  static ClientTlsSettings mutual(const std::string& certificate, const std::string& key) {
    ClientTlsSettings settings;
    settings.mode = ClientTlsSettings::Mode::kMutual;
    settings.ca_certificates = files_->certificate("ca");
    settings.client_certificate = files_->certificate(certificate);
    settings.private_key = files_->key(key);
    return settings;
  }
  static std::string problemOf(const ClientTlsSettings& settings) {
    const auto client = tls::Client::of(settings);
    return client->problem() ? client->problem()->message() : "";
  }
  /// With `path` as the authorities.
  static std::string problemOfAuthorities(const std::string& path) {
    ClientTlsSettings settings;
    settings.mode = ClientTlsSettings::Mode::kSimple;
    settings.ca_certificates = path;
    return problemOf(settings);
  }
  static void write(const std::string& path, std::string_view text) {
    ASSERT_TRUE(sluice::test::writeFile(path, text).ok());
  }

  static inline std::unique_ptr<TlsFiles> files_;
  Clients clients_;
};

TEST_F(TlsPolicies, FilesThatFit) { EXPECT_EQ(problemOf(mutual("alice", "alice")), ""); }

TEST_F(TlsPolicies, AKeyOfAnotherCertificate) {
  EXPECT_THAT(problemOf(mutual("alice", "server")), testing::HasSubstr("server.key: "));
}

TEST_F(TlsPolicies, FilesThatAreMissing) {
  EXPECT_THAT(problemOf(mutual("nobody", "alice")),
              testing::AllOf(testing::HasSubstr("nobody.pem"),
                             testing::HasSubstr("No such file or directory")));
}

TEST_F(TlsPolicies, FilesThatAreNoPem) {
  const auto path = files_->path("garbage.pem");
  write(path, "no certificate\n");
  EXPECT_THAT(problemOfAuthorities(path), testing::EndsWith("holds no certificate"));
  const std::string begin = "-----BEGIN CERTIFICATE-----\n", end = "-----END CERTIFICATE-----\n";
  write(path, begin + "AAAA\n" + end);
  EXPECT_THAT(problemOfAuthorities(path), testing::HasSubstr("holds a broken certificate: "));
  const auto good = sluice::test::readFile(files_->certificate("ca"));
  ASSERT_TRUE(good.ok());
  write(path, *good + begin + "AAAA\n" + end);
  EXPECT_THAT(problemOfAuthorities(path), testing::HasSubstr("holds a broken certificate: "));
  write(path, "");
  EXPECT_THAT(problemOfAuthorities(path), testing::EndsWith("holds no certificate"));
}

TEST_F(TlsPolicies, AKeyThatIsEncryptedAsksNobody) {
  const auto path = files_->path("locked.key");
  ASSERT_TRUE(sluice::test::runChecked({"openssl", "ec", "-aes256", "-passout", "pass:secret",
                                        "-in", files_->key("alice"), "-out", path})
                  .ok());
  ClientTlsSettings settings = mutual("alice", "alice");
  settings.private_key = path;
  EXPECT_THAT(problemOf(settings), testing::HasSubstr("no private key that can be read"));
}

/// Whoever writes a rule names the path: it may be anything.
TEST_F(TlsPolicies, PathsThatAreNoFiles) {
  EXPECT_THAT(problemOfAuthorities(files_->path("")), testing::EndsWith("is no file"));
  EXPECT_THAT(problemOfAuthorities("/dev/zero"), testing::EndsWith("is no file"));
  const auto pipe = files_->path("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(problemOfAuthorities(pipe), testing::EndsWith("is no file"));
}

TEST_F(TlsPolicies, OneClientForEqualPolicies) {
  const auto first = clients_.of(mutual("alice", "alice"), "a");
  EXPECT_EQ(clients_.of(mutual("alice", "alice"), "b"), first);
  EXPECT_NE(clients_.of(mutual("server", "server"), "b")->id(), first->id());
}

TEST_F(TlsPolicies, UnusedOnesAreForgotten) {
  const auto kept = clients_.of(mutual("alice", "alice"), "a");
  const auto id = clients_.of(mutual("server", "server"), "b")->id();
  clients_.forgetUnused();
  EXPECT_EQ(clients_.of(mutual("alice", "alice"), "a"), kept);
  EXPECT_NE(clients_.of(mutual("server", "server"), "b")->id(), id);
}

TEST_F(TlsPolicies, FilesThatChangeMakeANewClient) {
  const auto authorities = files_->path("rotated.pem");
  write(authorities, *sluice::test::readFile(files_->certificate("ca")));
  ClientTlsSettings settings = mutual("alice", "alice");
  settings.ca_certificates = authorities;
  const auto before = clients_.of(settings, "a");
  const auto other = clients_.of(mutual("alice", "alice"), "b");
  EXPECT_FALSE(clients_.lookAgain());
  const auto generation = clients_.generation();
  const auto text = sluice::test::readFile(files_->certificate("other"));
  ASSERT_TRUE(sluice::test::replaceFile(authorities, *text).ok());
  EXPECT_TRUE(clients_.lookAgain());
  EXPECT_TRUE(clients_.changedSince(generation, settings));
  EXPECT_FALSE(clients_.changedSince(generation, mutual("alice", "alice")));
  EXPECT_FALSE(clients_.changedSince(clients_.generation(), settings));
  EXPECT_NE(clients_.of(settings, "a")->id(), before->id());
  EXPECT_EQ(clients_.of(mutual("alice", "alice"), "b"), other);
  EXPECT_FALSE(clients_.lookAgain());
}

TEST_F(TlsPolicies, WhatIsMissingIsFoundWhenItComes) {
  ClientTlsSettings settings = mutual("alice", "alice");
  settings.ca_certificates = files_->path("late.pem");
  const auto without = clients_.of(settings, "DestinationRule/shop/a spec.trafficPolicy.tls");
  ASSERT_EQ(clients_.unusable().size(), 1u);
  EXPECT_EQ(clients_.unusable()[0].policy, "DestinationRule/shop/a spec.trafficPolicy.tls");
  write(settings.ca_certificates, *sluice::test::readFile(files_->certificate("ca")));
  EXPECT_TRUE(clients_.lookAgain());
  EXPECT_FALSE(clients_.of(settings, "a")->problem());
  EXPECT_TRUE(clients_.unusable().empty());
}

TEST_F(TlsPolicies, FailuresAreSaidOnceAMinute) {
  const auto client = clients_.of(mutual("alice", "alice"), "a");
  const TimePoint now(std::chrono::hours(1));
  EXPECT_TRUE(client->shouldSay(tls::FailureKind::kRefused, now));
  EXPECT_FALSE(client->shouldSay(tls::FailureKind::kRefused, now + 59s));
  EXPECT_TRUE(client->shouldSay(tls::FailureKind::kCut, now + 59s));
  EXPECT_TRUE(client->shouldSay(tls::FailureKind::kRefused, now + 60s));
}

}  // namespace
}  // namespace sluice::proxy::test
