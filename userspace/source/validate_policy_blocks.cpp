// SPDX-License-Identifier: Apache-2.0
// Connection pools, outlier detection and TLS of a policy.
#include <chrono>

#include "userspace/source/validate_common.h"
#include "userspace/source/validate_traffic_policy.h"

namespace sluice::source {
namespace {

void checkNotNegative(int32_t number, const FieldPath& path, Findings& findings) {
  if (number < 0) findings.invalid(path, "must not be negative", "leave it out for no limit");
}

/// Istio: "http2 keepalive interval is required".
void checkRequired(const std::optional<std::chrono::nanoseconds>& duration, const FieldPath& path,
                   Findings& findings) {
  if (!duration) findings.invalid(path, "is required");
  checkDuration(duration, path, findings);
}

void checkHttp(const HttpSettings& http, const FieldPath& path, Findings& findings) {
  checkNotNegative(http.http1_max_pending_requests, path / "http1MaxPendingRequests", findings);
  checkNotNegative(http.http2_max_requests, path / "http2MaxRequests", findings);
  checkNotNegative(http.max_requests_per_connection, path / "maxRequestsPerConnection", findings);
  checkNotNegative(http.max_retries, path / "maxRetries", findings);
  checkNotNegative(http.max_concurrent_streams, path / "maxConcurrentStreams", findings);
  checkDuration(http.idle_timeout, path / "idleTimeout", findings);
  if (http.http2_keep_alive) {
    const FieldPath keepalive = path / "http2KeepAlive";
    checkRequired(http.http2_keep_alive->interval, keepalive / "interval", findings);
    checkRequired(http.http2_keep_alive->timeout, keepalive / "timeout", findings);
  }
}

/// Istio: "use client protocol must not be true when H2UpgradePolicy is UPGRADE".
void checkUpgrade(const HttpSettings& http, const FieldPath& path, Findings& findings) {
  if (http.h2_upgrade_policy != HttpSettings::H2UpgradePolicy::kUpgrade) return;
  if (!http.use_client_protocol) return;
  findings.invalid(path / "useClientProtocol",
                   "the client's protocol and an upgrade to HTTP/2 exclude each other",
                   "remove it, or h2UpgradePolicy");
}

/// Istio: less than a millisecond switches the idle timeout off.
void checkTcpIdle(const std::optional<std::chrono::nanoseconds>& timeout, const FieldPath& path,
                  Findings& findings) {
  using std::chrono::milliseconds;
  if (timeout && std::chrono::duration_cast<milliseconds>(*timeout) != milliseconds(0)) {
    checkDuration(*timeout, path, findings);
  }
}

void checkTcp(const TcpSettings& tcp, const FieldPath& path, Findings& findings) {
  checkNotNegative(tcp.max_connections, path / "maxConnections", findings);
  checkDuration(tcp.connect_timeout, path / "connectTimeout", findings);
  checkDuration(tcp.max_connection_duration, path / "maxConnectionDuration", findings);
  checkTcpIdle(tcp.idle_timeout, path / "idleTimeout", findings);
  if (!tcp.tcp_keepalive) return;
  const FieldPath keepalive = path / "tcpKeepalive";
  checkDuration(tcp.tcp_keepalive->time, keepalive / "time", findings);
  checkDuration(tcp.tcp_keepalive->interval, keepalive / "interval", findings);
}

/// Istio: "consecutive local origin failures is specified, but split … is set to false".
void checkLocalOrigin(const OutlierDetection& outlier, const FieldPath& path, Findings& findings) {
  if (outlier.split_external_local_origin_errors) return;
  if (outlier.consecutive_local_origin_failures.value_or(0) == 0) return;
  findings.invalid(path / "consecutiveLocalOriginFailures",
                   "counts nothing while local failures count as answers",
                   "set splitExternalLocalOriginErrors: true");
}

/// Certificates come from a secret or from files (Istio: "cannot specify client certificates or CA
/// certificate or CA CRL If credentialName is set").
void checkCredential(const ClientTlsSettings& tls, const FieldPath& path, Findings& findings) {
  const bool has_files = !tls.client_certificate.empty() || !tls.private_key.empty() ||
                         !tls.ca_certificates.empty() || !tls.ca_crl.empty();
  if (!has_files) return;
  findings.invalid(path, "credentialName excludes certificates in files", "remove one of them");
}

/// Istio: a ConfigMap with certificates is one of the rule's own namespace.
void checkConfigMap(std::string_view credential, std::string_view own_namespace,
                    const FieldPath& path, Findings& findings) {
  static constexpr std::string_view kScheme = "configmap://";
  if (!credential.starts_with(kScheme)) return;
  credential.remove_prefix(kScheme.size());
  const auto slash = credential.find('/');
  const bool named = slash != std::string_view::npos && slash + 1 < credential.size() &&
                     credential[slash + 1] != '/';
  if (named && credential.substr(0, slash) == own_namespace) return;
  findings.invalid(path, "must name a ConfigMap of the rule's own namespace",
                   "write configmap://<namespace>/<name>");
}

/// Istio: what is not verified needs nothing to verify it with.
void checkSkipVerify(const ClientTlsSettings& tls, const FieldPath& path, Findings& findings) {
  if (!tls.insecure_skip_verify.value_or(false)) return;
  const bool simple = tls.mode == ClientTlsSettings::Mode::kSimple;
  if (!simple && tls.mode != ClientTlsSettings::Mode::kMutual) return;
  const bool verifies = !tls.ca_certificates.empty() || !tls.subject_alt_names.empty() ||
                        (simple && !tls.credential_name.empty());
  if (!verifies) return;
  findings.invalid(path,
                   "insecureSkipVerify excludes caCertificates, subjectAltNames and, with SIMPLE, "
                   "credentialName",
                   "remove insecureSkipVerify to have the server verified");
}

void checkClientFiles(const ClientTlsSettings& tls, const FieldPath& path, Findings& findings) {
  if (tls.client_certificate.empty()) {
    findings.invalid(path / "clientCertificate", "MUTUAL needs a client certificate",
                     "set it, or credentialName");
  }
  if (tls.private_key.empty()) {
    findings.invalid(path / "privateKey", "MUTUAL needs a private key",
                     "set it, or credentialName");
  }
}

}  // namespace

void checkConnectionPool(const ConnectionPoolSettings& pool, const FieldPath& path,
                         Findings& findings) {
  if (!pool.http && !pool.tcp) {
    findings.invalid(path, "must set tcp or http", "remove it, or set one of them");
  }
  if (pool.tcp) checkTcp(*pool.tcp, path / "tcp", findings);
  if (!pool.http) return;
  checkHttp(*pool.http, path / "http", findings);
  checkUpgrade(*pool.http, path / "http", findings);
}

void checkOutlierDetection(const OutlierDetection& outlier, PolicyPlace place,
                           const FieldPath& path, Findings& findings) {
  checkDuration(outlier.base_ejection_time, path / "baseEjectionTime", findings);
  checkDuration(outlier.interval, path / "interval", findings);
  checkPercent(outlier.max_ejection_percent, path / "maxEjectionPercent", findings);
  checkPercent(outlier.min_health_percent, path / "minHealthPercent", findings);
  checkLocalOrigin(outlier, path, findings);
  if (place == PolicyPlace::kTop && outlier.consecutive_errors.value_or(0) != 0) {
    warn(findings, path / "consecutiveErrors", "is deprecated and has no effect",
         "write consecutive5xxErrors or consecutiveGatewayErrors");
  }
}

void checkTls(const ClientTlsSettings& tls, std::string_view own_namespace, const FieldPath& path,
              Findings& findings) {
  const bool mutual = tls.mode == ClientTlsSettings::Mode::kMutual;
  checkConfigMap(tls.credential_name, own_namespace, path / "credentialName", findings);
  checkSkipVerify(tls, path, findings);
  if (!mutual && tls.mode != ClientTlsSettings::Mode::kSimple) return;
  if (!tls.credential_name.empty()) {
    checkCredential(tls, path, findings);
  } else if (mutual) {
    checkClientFiles(tls, path, findings);
  }
}

}  // namespace sluice::source
