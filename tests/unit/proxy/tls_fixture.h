// SPDX-License-Identifier: Apache-2.0
// Destinations that are encrypted: tls_front.py stands before the test's own servers.
#pragma once

#include <nlohmann/json.hpp>

#include "tests/support/process.h"
#include "tests/support/tls_files.h"
#include "tests/unit/proxy/http2_fixture.h"
#include "userspace/proxy/tls/client.h"

namespace sluice::proxy::test {

using sluice::test::TlsFiles;

/// server: signed by ca, for several kinds of names; old: has expired; alice: a client's.
inline void fill(TlsFiles& files) {
  const auto good = [](const Result<void>& made) {
    ASSERT_TRUE(made.ok()) << made.error().message();
  };
  good(files.makeAuthority("ca"));
  good(files.makeAuthority("other"));
  good(files.make("server", "ca",
                  "DNS:server.example,DNS:*.wild.example,URI:spiffe://mesh/ns/shop/sa/server,"
                  "IP:127.0.0.9,email:ops@server.example"));
  good(files.make("old", "ca", "DNS:server.example", -1));
  good(files.make("alice", "ca", "DNS:alice"));
  good(files.make("mallory", "other", "DNS:alice"));
}

class TlsTest : public Http2Test {
 protected:
  using Mode = ClientTlsSettings::Mode;
  using Facts = nlohmann::json;

  static void SetUpTestSuite() {
    files_ = std::make_unique<TlsFiles>();
    fill(*files_);
  }
  static void TearDownTestSuite() { files_.reset(); }

  /// Before the server that was made last; `certificate`: of the files.
  void encrypt(const std::string& certificate, const std::vector<std::string>& more = {}) {
    sluice::test::Arguments arguments{"/usr/bin/python3",
                                      SLUICE_SOURCE_DIR "/tests/support/tls_front.py",
                                      "--to",
                                      std::to_string(servers_.back()->address().port),
                                      "--certificate",
                                      files_->certificate(certificate),
                                      "--key",
                                      files_->key(certificate)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    auto front = sluice::test::spawn(nullptr, arguments, sluice::test::Output::kPipe);
    require(front.ok(), "start python3");
    fronts_.push_back(std::make_unique<sluice::test::Process>(*std::move(front)));
    const auto line = fronts_.back()->readLine(20s);
    require(line.ok() && line->starts_with("port "), "tls_front.py");
    const auto port = static_cast<uint16_t>(std::stoi(line->substr(5)));
    sockets_.ports[{static_cast<uint32_t>(servers_.size())}] = port;
  }

  /// What the next handshake with the last front said.
  Facts handshake() {
    const auto line = fronts_.back()->readLine(10s);
    return line.ok() ? Facts::parse(*line) : Facts{{"none", line.error().message()}};
  }

  /// Trusts ca.
  static ClientTlsSettings simple() {
    ClientTlsSettings settings;
    settings.mode = Mode::kSimple;
    settings.ca_certificates = files_->certificate("ca");
    return settings;
  }
  static ClientTlsSettings mutual(const std::string& who) {
    ClientTlsSettings settings = simple();
    settings.mode = Mode::kMutual;
    settings.client_certificate = files_->certificate(who);
    settings.private_key = files_->key(who);
    return settings;
  }

  /// Everything to all servers, by the policy.
  void route(
      const ClientTlsSettings& settings,
      const std::function<void(ProxyRule&)>& edit = [](ProxyRule&) {}) {
    configureTls(routing::Protocol::kHttp, settings, edit);
  }
  void routeTcp(const ClientTlsSettings& settings) {
    configureTls(routing::Protocol::kTcp, settings, [](ProxyRule&) {});
  }

  /// The status and the body that the client gets for GET, at once or in time.
  std::string get(const std::string& host = "server.example") {
    return answerInTime(connect(), "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
  }
  /// Why a request failed, as the log has it; empty: it was answered.
  std::string failureOf(const ClientTlsSettings& settings,
                        const std::string& host = "server.example") {
    route(settings);
    log_.entries.clear();
    connect().send("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
    inTime([&] { return !log_.entries.empty(); });
    if (log_.entries.empty() || log_.entries[0].status == 200) return {};
    EXPECT_EQ(log_.entries[0].status, 503);
    EXPECT_EQ(log_.entries[0].flags.substr(0, 2), "UF");
    const auto& text = log_.entries[0].transport_failure;
    return text.substr(0, text.find(':'));
  }

  static inline std::unique_ptr<TlsFiles> files_;
  std::vector<std::unique_ptr<sluice::test::Process>> fronts_;

 private:
  void configureTls(routing::Protocol protocol, const ClientTlsSettings& settings,
                    const std::function<void(ProxyRule&)>& edit) {
    auto service = std::make_shared<routing::ServiceRoute>();
    service->service = {"server.example", 80};
    service->protocol = protocol;
    service->rules.edit().emplace_back();
    auto route = std::make_shared<ProxyRoute>();
    route->id = {7};
    route->route = service;
    route->matcher = *routing::Matcher::compile(*service->rules);
    route->plain.rule = &route->plain_rule;
    ProxyCluster cluster;
    cluster.cluster = std::make_shared<routing::Cluster>();
    cluster.tls = tls::Client::of(settings);
    for (uint32_t id = 1; id <= servers_.size(); ++id)
      cluster.endpoints.push_back({servers_[id - 1]->address(), {id}, {11}});
    sendTo(route->plain, cluster);
    std::vector<ProxyRule> rules(1);
    rules[0].rule = &service->rules->at(0);
    sendTo(rules[0], std::move(cluster));
    edit(rules[0]);
    route->rules = std::make_shared<const std::vector<ProxyRule>>(std::move(rules));
    auto config = std::make_shared<ProxyConfig>();
    config->routes.set({ServiceId{kService}, ClientClass{}}, route);
    worker_->setConfig(config);
  }
};

}  // namespace sluice::proxy::test
