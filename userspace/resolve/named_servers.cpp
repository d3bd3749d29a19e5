// SPDX-License-Identifier: Apache-2.0
#include "userspace/resolve/named_servers.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "userspace/routing/names.h"

namespace sluice::resolve {
namespace {

using Addresses = NamedServers::Addresses;
using Resolution = ServiceEntry::Resolution;
using Strings = std::vector<std::string>;

bool isByName(const ServiceEntry& entry) {
  return entry.resolution == Resolution::kDns || entry.resolution == Resolution::kDnsRoundRobin;
}

Use useOf(const ServiceEntry& entry) {
  return entry.resolution == Resolution::kDnsRoundRobin ? Use::kFirst : Use::kAll;
}

bool isName(const std::string& address) {
  return !address.empty() && !address.starts_with("unix://") && !IpAddress::parse(address).ok();
}

/// Its hosts are the servers.
bool standsForItself(const ServiceEntry& entry) {
  return isByName(entry) && entry.endpoints.empty() && !entry.workload_selector;
}

Strings namesOf(const ServiceEntry& entry) {
  Strings names;
  if (!isByName(entry)) return names;
  if (standsForItself(entry))
    std::ranges::transform(entry.hosts, std::back_inserter(names), routing::toLower);
  for (const auto& endpoint : entry.endpoints)
    if (isName(endpoint.address)) names.push_back(routing::toLower(endpoint.address));
  return names;
}

/// Which WorkloadEntries stand for servers that are resolved. One that an entry of resolution
/// STATIC selects, too, serves that one as well.
class Selectors {
 public:
  explicit Selectors(const Snapshot& snapshot) {
    for (const auto& entry : snapshot.service_entries)
      if (isByName(*entry) && entry->workload_selector)
        selectors_[entry->metadata.namespace_].push_back(entry.get());
  }

  /// Nothing: none selects it, or it has an address.
  std::optional<Use> useOf(const WorkloadEntry& workload) const {
    const auto in = selectors_.find(workload.metadata.namespace_);
    if (in == selectors_.end() || !isName(workload.endpoint.address)) return std::nullopt;
    const auto found = std::ranges::find_if(in->second, [&](const auto* entry) {
      return std::ranges::includes(workload.endpoint.labels, entry->workload_selector->labels);
    });
    if (found == in->second.end()) return std::nullopt;
    return resolve::useOf(**found);
  }

 private:
  std::map<std::string, std::vector<const ServiceEntry*>> selectors_;  ///< by namespace
};

/// Those of the names that have some; of DNS_ROUND_ROBIN the first.
Addresses addressesOf(const Strings& names, Use use,
                      const std::map<std::string, NameState>& states) {
  Addresses found;
  for (const auto& name : names) {
    const auto at = states.find(name);
    if (at == states.end() || at->second.addresses.empty()) continue;
    auto& addresses = found[name] = at->second.addresses;
    if (use == Use::kFirst) addresses.resize(1);
  }
  return found;
}

/// `take(endpoint)` for each address of the server; the endpoint itself while there is none.
template <typename Take>
void eachServer(const WorkloadEndpoint& endpoint, const Addresses& addresses, const Take& take) {
  const auto found = addresses.find(routing::toLower(endpoint.address));
  if (found == addresses.end()) return take(endpoint);
  for (const auto& ip : found->second) {
    auto server = endpoint;
    server.address = ip.text();
    take(std::move(server));
  }
}

using Entries = std::vector<std::shared_ptr<const ServiceEntry>>;

Entries forEachHost(const ServiceEntry& entry, const Addresses& addresses) {
  Entries made;
  for (const auto& host : entry.hosts) {
    auto one = std::make_shared<ServiceEntry>(entry);
    one->hosts = {host};
    WorkloadEndpoint itself;
    itself.address = host;
    if (addresses.contains(routing::toLower(host)))
      eachServer(itself, addresses,
                 [&](WorkloadEndpoint server) { one->endpoints.push_back(std::move(server)); });
    made.push_back(std::move(one));
  }
  return made;
}

Entries withAddresses(const ServiceEntry& entry, const Addresses& addresses) {
  if (standsForItself(entry)) return forEachHost(entry, addresses);
  auto made = std::make_shared<ServiceEntry>(entry);
  made->endpoints.clear();
  for (const auto& endpoint : entry.endpoints)
    eachServer(endpoint, addresses,
               [&](WorkloadEndpoint server) { made->endpoints.push_back(std::move(server)); });
  return {std::move(made)};
}

std::vector<std::shared_ptr<const WorkloadEntry>> withAddresses(const WorkloadEntry& workload,
                                                                const Addresses& addresses) {
  std::vector<std::shared_ptr<const WorkloadEntry>> made;
  eachServer(workload.endpoint, addresses, [&](WorkloadEndpoint server) {
    auto one = std::make_shared<WorkloadEntry>(workload);
    one->endpoint = std::move(server);
    made.push_back(std::move(one));
  });
  return made;
}

/// A name that anyone uses the first address of keeps its order.
void add(const std::string& name, Use use, WantedNames& names) {
  auto& known = names.try_emplace(name, use).first->second;
  if (use == Use::kFirst) known = use;
}

}  // namespace

WantedNames namesIn(const Snapshot& snapshot) {
  WantedNames names;
  for (const auto& entry : snapshot.service_entries)
    for (const auto& name : namesOf(*entry)) add(name, useOf(*entry), names);
  const Selectors selectors(snapshot);
  for (const auto& workload : snapshot.workload_entries)
    if (const auto use = selectors.useOf(*workload))
      add(routing::toLower(workload->endpoint.address), *use, names);
  return names;
}

/// `find`: the addresses of a resource's names; `make`: what it is with them.
template <typename T, typename Find, typename Make>
bool NamedServers::rewrite(Snapshot::List<T>& list, Known<T>& known, const Find& find,
                           const Make& make) {
  Known<T> now;
  std::vector<std::shared_ptr<const T>> items;
  for (const auto& item : list) {
    auto addresses = find(*item);
    if (addresses.empty()) {
      items.push_back(item);
      continue;
    }
    auto& made = now[item.get()];
    const auto last = known.find(item.get());
    if (last != known.end() && last->second.addresses == addresses)
      made = std::move(last->second);
    else
      made = {item, addresses, make(*item, addresses)};
    std::ranges::copy(made.results, std::back_inserter(items));
  }
  known = std::move(now);
  if (known.empty()) return false;
  list = Snapshot::List<T>(std::move(items));
  return true;
}

std::shared_ptr<const Snapshot> NamedServers::resolve(
    std::shared_ptr<const Snapshot> snapshot, const std::map<std::string, NameState>& names) {
  if (names.empty() && entries_.empty() && workloads_.empty()) return snapshot;
  auto made = std::make_shared<Snapshot>(*snapshot);
  const Selectors selectors(*snapshot);
  const auto of_entry = [&](const ServiceEntry& entry) {
    return addressesOf(namesOf(entry), useOf(entry), names);
  };
  const auto of_workload = [&](const WorkloadEntry& workload) {
    const auto use = selectors.useOf(workload);
    return use ? addressesOf({routing::toLower(workload.endpoint.address)}, *use, names)
               : Addresses();
  };
  const auto make = [](const auto& item, const Addresses& found) {
    return withAddresses(item, found);
  };
  const bool any_entry = rewrite(made->service_entries, entries_, of_entry, make);
  const bool any_workload = rewrite(made->workload_entries, workloads_, of_workload, make);
  return any_entry || any_workload ? std::move(made) : std::move(snapshot);
}

}  // namespace sluice::resolve
