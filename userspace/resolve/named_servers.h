// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "userspace/model/resources.h"
#include "userspace/resolve/names.h"

namespace sluice::resolve {

/// The host names that ServiceEntries of resolution DNS and DNS_ROUND_ROBIN send to, in lower case:
/// those of their endpoints and of the WorkloadEntries that they select; without either, their
/// hosts (Istio: convertServiceEntryToInstances).
WantedNames namesIn(const Snapshot& snapshot);

/// Puts addresses in the place of those names, so that routing, the kernel's tables and the proxy
/// see servers like any others: each address with the labels, ports, locality and weight of the
/// endpoint that named it (Envoy: STRICT_DNS). A name without addresses stays.
class NamedServers {
 public:
  /// By name; none of them is empty.
  using Addresses = std::map<std::string, std::vector<IpAddress>>;

  /// A resource whose names and addresses are as they were the last time comes out as the same
  /// object, a snapshot without addresses of names as it is. An entry without endpoints comes out
  /// as one for each of its hosts, all under its name.
  std::shared_ptr<const Snapshot> resolve(std::shared_ptr<const Snapshot> snapshot,
                                          const std::map<std::string, NameState>& names);

 private:
  /// What was made of a resource, and of which addresses.
  template <typename T>
  struct Made {
    std::shared_ptr<const T> source;  ///< kept, so that no other gets its place in memory
    Addresses addresses;
    std::vector<std::shared_ptr<const T>> results;
  };
  template <typename T>
  using Known = std::map<const T*, Made<T>>;

  template <typename T, typename Find, typename Make>
  static bool rewrite(Snapshot::List<T>& list, Known<T>& known, const Find& find, const Make& make);

  Known<ServiceEntry> entries_;
  Known<WorkloadEntry> workloads_;
};

}  // namespace sluice::resolve
