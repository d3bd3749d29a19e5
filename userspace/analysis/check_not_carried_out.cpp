// SPDX-License-Identifier: Apache-2.0
// What the API has and no part of this version does. A line goes when its policy comes.
#include "userspace/analysis/checks.h"
#include "userspace/routing/header_variables.h"
#include "userspace/routing/policy_reasons.h"

namespace sluice::analysis {
namespace {

using source::FieldPath;

constexpr const char* kNotSent = "nothing is sent to it; requests are answered with 503";

/// Of one resource.
class Unserved {
 public:
  Unserved(Subject subject, Report& report) : subject_(subject), report_(report) {}

  void add(bool present, const FieldPath& field, std::string instead) {
    if (present) report_.add({code::kNotCarriedOut, subject_, field, std::move(instead)});
  }

 private:
  Subject subject_;
  Report& report_;
};

void checkTls(const ClientTlsSettings& tls, const FieldPath& path, Unserved& unserved) {
  unserved.add(tls.mode == ClientTlsSettings::Mode::kIstioMutual, path,
               "what is sent to it is not encrypted");
  unserved.add(routing::encrypts(tls) && !tls.credential_name.empty(), path / "credentialName",
               "Secrets are not read: nothing is sent to it; requests are answered with 503");
}

void checkBlocks(const PolicyBlocks& blocks, const FieldPath& path, Unserved& unserved) {
  if (blocks.tls) checkTls(*blocks.tls, path / "tls", unserved);
}

void checkPolicy(const TrafficPolicy& policy, const FieldPath& path, Unserved& unserved) {
  checkBlocks(policy, path, unserved);
  unserved.add(policy.tunnel.has_value(), path / "tunnel", kNotSent);
  unserved.add(policy.proxy_protocol.has_value(), path / "proxyProtocol", kNotSent);
  for (size_t i = 0; i < policy.port_level_settings.size(); ++i)
    checkBlocks(policy.port_level_settings[i], (path / "portLevelSettings")[i], unserved);
}

void checkEntry(const ServiceEntry& entry, const FieldPath& spec, Unserved& unserved) {
  unserved.add(entry.resolution == ServiceEntry::Resolution::kDynamicDns, spec / "resolution",
               "names of requests are not resolved: nothing is sent to it; requests are answered "
               "with 503");
}

/// Of a header's value: "%NOTHING%, %OTHER%"; empty when all of its variables are filled in.
std::string unknownVariables(const std::string& value) {
  std::string names;
  for (const auto& piece : routing::headerPieces(value))
    if (piece.kind == routing::HeaderVariable::kUnknown)
      names += (names.empty() ? "" : ", ") + piece.text;
  return names;
}

void checkValues(const std::map<std::string, std::string>& headers, const FieldPath& path,
                 Unserved& unserved) {
  for (const auto& [name, value] : headers)
    if (const auto unknown = unknownVariables(value); !unknown.empty())
      unserved.add(true, path.entry(name),
                   name + " has " + unknown + ", which is not known and left empty");
}

void checkHeaders(const Headers& headers, const FieldPath& path, Unserved& unserved) {
  checkValues(headers.request.set, path / "request" / "set", unserved);
  checkValues(headers.request.add, path / "request" / "add", unserved);
  checkValues(headers.response.set, path / "response" / "set", unserved);
  checkValues(headers.response.add, path / "response" / "add", unserved);
}

void checkRule(const HttpRoute& rule, const FieldPath& path, Unserved& unserved) {
  checkHeaders(*rule.headers, path / "headers", unserved);
  for (size_t i = 0; i < rule.route.size(); ++i)
    checkHeaders(*rule.route[i].headers, (path / "route")[i] / "headers", unserved);
}

}  // namespace

void checkNotCarriedOut(const Mesh& mesh, Report& report) {
  const FieldPath spec("spec");
  for (const ServiceEntry* entry : mesh.serviceEntries()) {
    Unserved unserved(subjectOf(*entry), report);
    checkEntry(*entry, spec, unserved);
  }
  for (const VirtualService* service : mesh.virtualServices()) {
    Unserved unserved(subjectOf(*service), report);
    for (size_t i = 0; i < service->http.size(); ++i)
      checkRule(service->http[i], (spec / "http")[i], unserved);
  }
  for (const DestinationRule* rule : mesh.destinationRules()) {
    Unserved unserved(subjectOf(*rule), report);
    if (rule->traffic_policy) checkPolicy(*rule->traffic_policy, spec / "trafficPolicy", unserved);
    for (size_t i = 0; i < rule->subsets.size(); ++i)
      if (const auto& policy = rule->subsets[i].traffic_policy)
        checkPolicy(*policy, (spec / "subsets")[i] / "trafficPolicy", unserved);
  }
}

}  // namespace sluice::analysis
