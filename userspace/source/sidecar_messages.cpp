// SPDX-License-Identifier: Apache-2.0
// networking.istio.io, Sidecar. Only what concerns a node's data plane is kept; the rest is
// checked for its form, so that a misspelt field is found here as in a cluster.
#include <array>

#include "userspace/source/istio_codecs.h"
#include "userspace/source/metadata_messages.h"

namespace sluice::source {

namespace {

enum class CaptureMode { kDefault, kIptables, kNone };
enum class TlsVersion { kAuto, k10, k11, k12, k13 };
enum class ServerTlsMode { kPassthrough, kSimple, kMutual, kAuto, kIstioMutual, kOptionalMutual };

struct SidecarPort {
  uint32_t number = 0;
  uint32_t target_port = 0;
  std::string protocol, name;
  friend bool operator==(const SidecarPort&, const SidecarPort&) = default;
};

struct TlsCertificate {
  std::string server_certificate, private_key, ca_certificates;
  friend bool operator==(const TlsCertificate&, const TlsCertificate&) = default;
};

struct ServerTls {
  ServerTlsMode mode = ServerTlsMode::kPassthrough;
  bool https_redirect = false;
  std::optional<bool> insecure_skip_verify;
  std::string text;  ///< of every field that is a text
  std::vector<std::string> texts;
  std::vector<TlsCertificate> certificates;
  TlsVersion version = TlsVersion::kAuto;
  friend bool operator==(const ServerTls&, const ServerTls&) = default;
};

struct Listener {
  SidecarPort port;
  std::string text;
  std::vector<std::string> hosts;
  CaptureMode capture_mode = CaptureMode::kDefault;
  ConnectionPoolSettings connection_pool;
  ServerTls tls;
  friend bool operator==(const Listener&, const Listener&) = default;
};

struct IngressListener;
struct EgressListener;
using Ingress = ListOf<Listener, As<Listener, IngressListener>>;
using Egress = ListOf<Listener, As<Listener, EgressListener>>;

/// `outboundTrafficPolicy`, of which the mode is kept.
struct OutboundPolicy {
  // protobuf's zero, unlike the mesh's default.
  Sidecar::OutboundMode mode = Sidecar::OutboundMode::kRegistryOnly;

  static std::string type() { return "OutboundTrafficPolicy"; }
  static const Message* message();
  static void decode(Decoder& decoder, const YamlNode& node, const Location& at,
                     std::optional<Sidecar::OutboundMode>& out);
  static YamlNodePtr encode(const std::optional<Sidecar::OutboundMode>& value);
};

}  // namespace

template <>
struct EnumNames<CaptureMode> {
  static constexpr std::array<std::pair<std::string_view, CaptureMode>, 3> kNames = {{
      {"DEFAULT", CaptureMode::kDefault},
      {"IPTABLES", CaptureMode::kIptables},
      {"NONE", CaptureMode::kNone},
  }};
};

template <>
struct EnumNames<TlsVersion> {
  static constexpr std::array<std::pair<std::string_view, TlsVersion>, 5> kNames = {{
      {"TLS_AUTO", TlsVersion::kAuto},
      {"TLSV1_0", TlsVersion::k10},
      {"TLSV1_1", TlsVersion::k11},
      {"TLSV1_2", TlsVersion::k12},
      {"TLSV1_3", TlsVersion::k13},
  }};
};

template <>
struct EnumNames<ServerTlsMode> {
  using Mode = ServerTlsMode;
  static constexpr std::array<std::pair<std::string_view, Mode>, 6> kNames = {{
      {"PASSTHROUGH", Mode::kPassthrough},
      {"SIMPLE", Mode::kSimple},
      {"MUTUAL", Mode::kMutual},
      {"AUTO_PASSTHROUGH", Mode::kAuto},
      {"ISTIO_MUTUAL", Mode::kIstioMutual},
      {"OPTIONAL_MUTUAL", Mode::kOptionalMutual},
  }};
};

template <>
Message define<SidecarPort>() {
  using M = SidecarPort;
  return MessageOf<M>("SidecarPort",
                      {
                          field<&M::number>("number", "Number of the port."),
                          field<&M::protocol>("protocol", "Protocol of the port."),
                          field<&M::name>("name", "Name of the port."),
                          field<&M::target_port>("targetPort", "Without effect, as in Istio."),
                      });
}

template <>
Message define<TlsCertificate>() {
  using M = TlsCertificate;
  return MessageOf<M>("ServerTLSSettings.TLSCertificate",
                      {
                          field<&M::server_certificate>("serverCertificate", "File."),
                          field<&M::private_key>("privateKey", "File."),
                          field<&M::ca_certificates>("caCertificates", "File."),
                      });
}

template <>
Message define<ServerTls>() {
  using M = ServerTls;
  Bounds one_or_two = atMostItems(2);
  one_or_two.min_items = 1;
  Fields<M> fields = {
      field<&M::https_redirect>("httpsRedirect", "Checked only."),
      field<&M::mode>("mode", "Checked only."),
      field<&M::insecure_skip_verify>("insecureSkipVerify", "Checked only."),
      field<&M::texts>("credentialNames", "Checked only.").within(one_or_two),
      field<&M::certificates>("tlsCertificates", "Checked only.").within(one_or_two),
      field<&M::version>("minProtocolVersion", "Checked only."),
      field<&M::version>("maxProtocolVersion", "Checked only."),
  };
  for (const char* name : {"serverCertificate", "privateKey", "caCertificates", "caCrl",
                           "credentialName", "caCertCredentialName"}) {
    fields.push_back(field<&M::text>(name, "Checked only."));
  }
  for (const char* name :
       {"subjectAltNames", "verifyCertificateSpki", "verifyCertificateHash", "cipherSuites"}) {
    fields.push_back(field<&M::texts>(name, "Checked only."));
  }
  return MessageOf<M>("ServerTLSSettings", fields)
      .oneOf({"tlsCertificates", "credentialNames"})
      .oneOf({"credentialName", "credentialNames"});
}

template <>
Message define<IngressListener>() {
  using M = Listener;
  return MessageOf<M>("IstioIngressListener",
                      {
                          field<&M::port>("port", "Checked only.").required(),
                          field<&M::text>("bind", "Checked only."),
                          field<&M::capture_mode>("captureMode", "Checked only."),
                          field<&M::text>("defaultEndpoint", "Checked only."),
                          field<&M::tls>("tls", "Checked only."),
                          field<&M::connection_pool>("connectionPool", "Checked only."),
                      });
}

template <>
Message define<EgressListener>() {
  using M = Listener;
  return MessageOf<M>("IstioEgressListener",
                      {
                          field<&M::port>("port", "Checked only."),
                          field<&M::text>("bind", "Checked only."),
                          field<&M::capture_mode>("captureMode", "Checked only."),
                          field<&M::hosts>("hosts", "Checked only.").required(),
                      });
}

template <>
Message define<OutboundPolicy>() {
  using M = OutboundPolicy;
  return MessageOf<M>(
      "OutboundTrafficPolicy",
      {
          field<&M::mode>("mode", "What becomes of connections to unknown services."),
          checked<M, Destination>("egressProxy", "Without effect, as in Istio.")
              .reportedAsDeprecated(""),
      });
}

const Message* OutboundPolicy::message() { return &describe<OutboundPolicy>(); }

void OutboundPolicy::decode(Decoder& decoder, const YamlNode& node, const Location& at,
                            std::optional<Sidecar::OutboundMode>& out) {
  OutboundPolicy policy;
  decoder.message(node, at, describe<OutboundPolicy>(), &policy);
  out = policy.mode;
}

YamlNodePtr OutboundPolicy::encode(const std::optional<Sidecar::OutboundMode>& value) {
  if (!value) return nullptr;
  const OutboundPolicy policy{*value};
  return encodeMessage(describe<OutboundPolicy>(), &policy);
}

template <>
Message define<Sidecar>() {
  using M = Sidecar;
  const Fields<M> spec = {
      field<&M::workload_selector>("workloadSelector",
                                   "Workloads of the namespace; absent: all of them."),
      checked<M, std::vector<Listener>, Ingress>("ingress", "Checked only."),
      checked<M, std::vector<Listener>, Egress>("egress", "Checked only."),
      checked<M, ConnectionPoolSettings>("inboundConnectionPool", "Checked only."),
      field<&M::outbound_mode, OutboundPolicy>("outboundTrafficPolicy",
                                               "Connections to unknown services."),
  };
  return resourceMessage<M>("Sidecar", {group("spec", spec)});
}

}  // namespace sluice::source
