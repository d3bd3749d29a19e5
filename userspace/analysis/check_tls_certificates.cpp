// SPDX-License-Identifier: Apache-2.0
// Istio: destinationrule.CaCertificateAnalyzer.
#include <fmt/format.h>

#include "userspace/analysis/checks.h"
#include "userspace/routing/policy_reasons.h"

namespace sluice::analysis {
namespace {

using Mode = ClientTlsSettings::Mode;

/// A credential holds the CA as well, but only rules with a selector can use one in the mesh.
bool lacksCa(const std::optional<ClientTlsSettings>& tls, const DestinationRule& rule) {
  if (!tls || !routing::encrypts(*tls)) return false;
  const bool has_credential = !tls->credential_name.empty() && rule.workload_selector;
  return tls->ca_certificates.empty() && !has_credential;
}

const char* modeName(Mode mode) { return mode == Mode::kSimple ? "SIMPLE" : "MUTUAL"; }

void check(const DestinationRule& rule, Report& report) {
  const TrafficPolicy& policy = *rule.traffic_policy;
  const source::FieldPath path = source::FieldPath("spec") / "trafficPolicy";
  if (lacksCa(policy.tls, rule)) {
    report.add({code::kIstioNoCaForDestination, subjectOf(rule), path / "tls",
                fmt::format(
                    "mode {} without caCertificates: any authority of the system may say who {} is",
                    modeName(policy.tls->mode), rule.host)});
  }
  for (size_t i = 0; i < policy.port_level_settings.size(); ++i) {
    const PortTrafficPolicy& port = policy.port_level_settings[i];
    if (!lacksCa(port.tls, rule)) continue;
    report.add(
        {code::kIstioNoCaForPort, subjectOf(rule), (path / "portLevelSettings")[i] / "tls",
         fmt::format(
             "mode {} without caCertificates: any authority of the system may say who {}:{} is",
             modeName(port.tls->mode), rule.host, port.port.value_or(0))});
  }
}

}  // namespace

void checkTlsCertificates(const Mesh& mesh, Report& report) {
  for (const DestinationRule* rule : mesh.destinationRules()) {
    if (rule->traffic_policy) check(*rule, report);
  }
}

}  // namespace sluice::analysis
