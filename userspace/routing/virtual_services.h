// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "userspace/model/resources.h"

namespace sluice::routing {

/// The VirtualServices of a Snapshot, which must outlive it, that apply inside the mesh.
class VirtualServices {
 public:
  explicit VirtualServices(const Snapshot& snapshot);

  /// The one that owns `host` for clients of `client_namespace`; null when there is none.
  /// Istio: an exact host beats a wildcard and the longer wildcard wins; then one that only the
  /// client's namespace sees, then one exported to it by name, then the oldest. Nothing is merged.
  const VirtualService* find(const std::string& host, const std::string& client_namespace) const;

 private:
  struct Entry {
    const VirtualService* service;
    std::vector<std::string> hosts;  ///< full
  };
  std::vector<Entry> by_age_;
};

}  // namespace sluice::routing
