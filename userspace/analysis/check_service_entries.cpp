// SPDX-License-Identifier: Apache-2.0
// Istio: serviceentry.Analyzer and serviceentry.ConflictingServiceEntryProtocolAnalyzer.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "userspace/analysis/checks.h"

namespace sluice::analysis {
namespace {

using source::FieldPath;

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return result;
}

/// Istio gives addresses to ServiceEntries without one when proxies answer DNS.
bool allocatesAddresses(const MeshConfig& mesh) {
  const auto is_on = [&](const char* key) {
    const auto found = mesh.proxy_metadata.find(key);
    return found != mesh.proxy_metadata.end() && found->second == "true";
  };
  return is_on("ISTIO_META_DNS_CAPTURE") && is_on("ISTIO_META_DNS_AUTO_ALLOCATE");
}

/// Where a protocol is said: visible in `scope`, for a host and a port.
using Place = std::tuple<std::string, std::string, uint32_t>;

struct Use {
  const ServiceEntry* entry;
  std::string protocol;
};
using Uses = std::map<Place, std::vector<Use>>;

std::set<std::string> scopesOf(const ServiceEntry& entry) {
  if (entry.export_to.empty() || std::ranges::count(entry.export_to, "*") > 0) return {"*"};
  std::set<std::string> scopes;
  for (const std::string& scope : entry.export_to) {
    scopes.insert(scope == "." ? entry.metadata.namespace_ : scope);
  }
  return scopes;
}

Uses protocolUses(const Mesh& mesh) {
  Uses uses;
  for (const ServiceEntry* entry : mesh.serviceEntries()) {
    for (const std::string& scope : scopesOf(*entry)) {
      for (const std::string& host : entry->hosts) {
        for (const ServiceEntryPort& port : entry->ports) {
          uses[{scope, host, port.number}].push_back({entry, upper(port.protocol)});
        }
      }
    }
  }
  return uses;
}

std::string protocolNames(const std::vector<Use>& uses) {
  std::set<std::string> names;
  for (const Use& use : uses) names.insert(use.protocol.empty() ? "none" : use.protocol);
  return fmt::format("{}", fmt::join(names, ", "));
}

bool agree(const std::vector<Use>& uses) {
  return std::ranges::all_of(uses,
                             [&](const Use& use) { return use.protocol == uses.front().protocol; });
}

}  // namespace

void checkServiceEntryAddresses(const Mesh& mesh, Report& report) {
  if (allocatesAddresses(mesh.input().mesh_config)) return;
  for (const ServiceEntry* entry : mesh.serviceEntries()) {
    if (!entry->addresses.empty() || !entry->allocated_addresses.empty()) continue;
    for (size_t i = 0; i < entry->ports.size(); ++i) {
      const ServiceEntryPort& port = entry->ports[i];
      if (!port.protocol.empty() && upper(port.protocol) != "TCP") continue;
      report.add({code::kIstioAddressRequired, subjectOf(*entry), (FieldPath("spec") / "ports")[i],
                  fmt::format("port {} carries {} and the entry has no address", port.number,
                              port.protocol.empty() ? "whatever is detected" : "TCP")});
    }
  }
}

void checkServiceEntryProtocols(const Mesh& mesh, Report& report) {
  const Uses all = protocolUses(mesh);
  std::set<const ServiceEntry*> reported;
  for (const auto& [place, own] : all) {
    const auto& [scope, host, port] = place;
    std::vector<Use> uses = own;
    const auto everywhere = all.find({"*", host, port});
    if (scope != "*" && everywhere != all.end()) {
      uses.insert(uses.end(), everywhere->second.begin(), everywhere->second.end());
    }
    if (agree(uses)) continue;
    for (const Use& use : uses) {
      if (!reported.insert(use.entry).second) continue;
      report.add({code::kIstioServiceEntryConflict, subjectOf(*use.entry),
                  FieldPath("spec") / "ports",
                  fmt::format("ServiceEntries say different protocols of {}:{}: {}", host, port,
                              protocolNames(uses))});
    }
  }
}

}  // namespace sluice::analysis
