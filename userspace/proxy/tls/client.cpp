// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/tls/client.h"

#include "userspace/proxy/tls/connection.h"
#include "userspace/proxy/tls/material.h"

namespace sluice::tls {

namespace {

uint64_t nextId() {
  static std::atomic<uint64_t> last{0};
  return ++last;
}

/// What the machine's openssl.cnf says is left alone: a policy means the same everywhere.
bool startOpenSsl() { return OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr) == 1; }

}  // namespace

Client::Client(const ClientTlsSettings& settings) : settings_(settings), id_(nextId()) {}

std::shared_ptr<const Client> Client::of(const ClientTlsSettings& settings) {
  const std::shared_ptr<Client> client(new Client(settings));
  if (auto ready = client->setUp(); !ready) client->problem_ = std::move(ready).error();
  return client;
}

Result<void> Client::setUp() {
  if (startOpenSsl()) context_.reset(SSL_CTX_new(TLS_client_method()));
  if (!context_) return Error(Error::Code::kExhausted, "start OpenSSL: " + takeErrorText());
  SSL_CTX* const context = context_.get();
  // Istio: TLS 1.2 and 1.3.
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);  // a record in one read, not in two
  Connection::prepare(*context);
  if (settings_.mode == ClientTlsSettings::Mode::kMutual)
    SLUICE_TRY(identify(*context, settings_.client_certificate, settings_.private_key));
  if (settings_.insecure_skip_verify.value_or(false)) return {};
  Connection::verify(*context);
  SLUICE_TRY(trust(*context, settings_.ca_certificates));
  return settings_.ca_crl.empty() ? Result<void>() : refuseRevoked(*context, settings_.ca_crl);
}

std::vector<std::string> Client::expectedNames(const std::string& host) const {
  if (settings_.insecure_skip_verify.value_or(false)) return {};
  if (!settings_.subject_alt_names.empty()) return settings_.subject_alt_names;
  if (!asksForHost() || host.empty()) return {};
  return {host};
}

SslPtr Client::newConnection() const { return SslPtr(SSL_new(context_.get())); }

bool Client::shouldSay(FailureKind kind, TimePoint now) const {
  const auto time = now.time_since_epoch().count();
  auto& said = said_.at(static_cast<size_t>(kind));
  auto last = said.load(std::memory_order_relaxed);
  const bool due = last == 0 || time - last >= Duration(std::chrono::minutes(1)).count();
  return due && said.compare_exchange_strong(last, time, std::memory_order_relaxed);
}

}  // namespace sluice::tls
