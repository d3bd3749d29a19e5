// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "userspace/base/clock.h"
#include "userspace/base/result.h"
#include "userspace/model/traffic_policy.h"
#include "userspace/proxy/tls/failure.h"
#include "userspace/proxy/tls/openssl.h"
#include "userspace/proxy/tls/sessions.h"

namespace sluice::tls {

/// How connections are encrypted by one policy, modes SIMPLE and MUTUAL: the files that it names,
/// as they were when this was made. Immutable but for the sessions that are kept; for any thread.
class Client {
 public:
  /// Never null. Reads the files: what is wrong with them is its problem().
  static std::shared_ptr<const Client> of(const ClientTlsSettings& settings);

  /// Why nothing can be sent by this policy.
  const std::optional<Error>& problem() const { return problem_; }
  /// Of no other in this process, and not 0: connections are the same only where it is.
  uint64_t id() const { return id_; }
  /// Istio (auto_sni): without `sni` a server is asked for by the name that the request has in
  /// Host.
  bool asksForHost() const { return settings_.sni.empty(); }
  /// What is asked for (SNI) of a server that the request knows as `host`, which may be empty.
  const std::string& serverName(const std::string& host) const {
    return asksForHost() ? host : settings_.sni;
  }
  /// Of these the server's certificate must have one; none: any certificate will do. Istio
  /// (auto_san_validation): without `sni` and `subjectAltNames` the name of the request.
  std::vector<std::string> expectedNames(const std::string& host) const;

  /// Null: out of memory. Only without problem().
  SslPtr newConnection() const;
  Sessions& sessions() const { return sessions_; }

  /// Whether a failure of that kind is worth a line in the log: once a minute.
  bool shouldSay(FailureKind kind, TimePoint now) const;

 private:
  explicit Client(const ClientTlsSettings& settings);
  Result<void> setUp();

  const ClientTlsSettings settings_;
  const uint64_t id_;
  std::optional<Error> problem_;
  ContextPtr context_;
  mutable Sessions sessions_;
  mutable std::array<std::atomic<Duration::rep>, kFailureKinds>
      said_{};  ///< by kind: when, 0 for never
};

}  // namespace sluice::tls
