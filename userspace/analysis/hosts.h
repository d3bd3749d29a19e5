// SPDX-License-Identifier: Apache-2.0
// Which hosts the registry has, and who can see them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "userspace/model/resources.h"

namespace sluice::analysis {

/// A host of a Service or ServiceEntry.
struct KnownHost {
  std::string host;                  ///< full, in lower case; of a ServiceEntry perhaps a wildcard
  std::vector<uint32_t> ports;       ///< service ports
  std::vector<std::string> scopes;   ///< namespaces that see it, "*": all
  const Service* service = nullptr;  ///< or
  const ServiceEntry* entry = nullptr;

  const Metadata& metadata() const { return service ? service->metadata : entry->metadata; }
};

/// Who asks for a host: a rule, which sees what the clients see that it is exported to.
struct Viewer {
  std::vector<std::string> scopes;
  /// Istio: GetDestinationHost. Without exportTo a rule sees as its own namespace does.
  Viewer(const Metadata& rule, const std::vector<std::string>& export_to);
};

/// Names are looked up as Istio's analyzers do: exactly, then by the wildcards of ServiceEntries.
class Hosts {
 public:
  /// The resources must outlive it.
  Hosts(const std::vector<const Service*>& services,
        const std::vector<const ServiceEntry*>& entries, const AgentSettings& settings);

  /// All that `viewer` sees under the full name `host`; none when there is no such host.
  std::vector<const KnownHost*> find(const std::string& host, const Viewer& viewer) const;

  /// Whether `viewer` sees a host that the wildcard `pattern` covers.
  bool anyMatches(std::string_view pattern, const Viewer& viewer) const;

  /// The same without asking who sees it; null when there is none.
  const KnownHost* findAnywhere(const std::string& host) const;

  /// A full host of a Service that is called `name`, in whatever namespace; empty: none is.
  std::string serviceNamed(const std::string& name) const;

 private:
  void add(KnownHost host);

  std::vector<KnownHost> hosts_;
  std::unordered_multimap<std::string, size_t> exact_;
  std::unordered_multimap<std::string, size_t> wildcards_;  ///< by what stands behind the asterisk
  std::multimap<std::string, size_t> backwards_;            ///< by the host, read backwards
  std::unordered_map<std::string, size_t> by_name_;         ///< one Service of each name
};

}  // namespace sluice::analysis
