// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/registry_builder.h"

#include <algorithm>

#include "userspace/routing/age.h"
#include "userspace/routing/names.h"

namespace sluice::routing {
namespace {

constexpr const char* kServiceNameLabel = "kubernetes.io/service-name";

/// Settings that every service depends on.
bool sameDefaults(const AgentSettings& a, const AgentSettings& b) {
  return a.cluster_domain == b.cluster_domain &&
         a.default_service_export_to == b.default_service_export_to;
}

/// The Service that a slice belongs to, "shop/catalog"; empty when it names none.
std::string serviceOf(const EndpointSlice& slice) {
  const auto label = slice.metadata.labels.find(kServiceNameLabel);
  if (label == slice.metadata.labels.end()) return {};
  return slice.metadata.namespace_ + "/" + label->second;
}

/// Slices are read in the order of their names, whatever order they came in.
std::string_view nameOf(const std::shared_ptr<const EndpointSlice>& slice) {
  return slice->metadata.name;
}

/// The host that a ServiceEntry names.
std::string hostNamed(const std::string& host) { return toLower(host); }

bool isEmpty(const ServiceRecord& record) {
  return !record.resource && record.slices.empty() && !record.endpoints;
}

bool sameContent(const Registry::Candidates& a, const Registry::Candidates& b) {
  return std::ranges::equal(a, b, [](const auto& x, const auto& y) { return x == y || *x == *y; });
}

}  // namespace

std::set<std::string> RegistryBuilder::update(const Snapshot& before, const Snapshot& after,
                                              Registry::Hosts& hosts) {
  const auto pods = changesOf(before.pods, after.pods);
  take(changesOf(before.namespaces, after.namespaces));
  const auto nodes = changesOf(before.nodes, after.nodes);
  pods_.update(nodes, touched_services_);
  pods_.update(pods, touched_services_);
  take(changesOf(before.services, after.services));
  take(changesOf(before.endpoint_slices, after.endpoint_slices));
  take(changesOf(before.endpoints, after.endpoints));
  take(changesOf(before.service_entries, after.service_entries));
  const auto workloads = changesOf(before.workload_entries, after.workload_entries);
  touchSelectors(pods, workloads, !nodes.empty());
  if (!sameDefaults(before.agent, after.agent)) touchAll();
  rebuild(after);
  return publish(hosts);
}

ServiceRecord& RegistryBuilder::touch(const std::string& key) {
  auto& record = services_[key];
  record.key = key;
  touched_services_.insert(&record);
  return record;
}

RegistryBuilder::EntryGroup& RegistryBuilder::touch(const std::string& host,
                                                    const std::string& in) {
  touched_entries_.insert({host, in});
  return entries_[{host, in}];
}

void RegistryBuilder::touchAll() {
  for (auto& [key, record] : services_) touched_services_.insert(&record);
  for (const auto& [key, group] : entries_) touched_entries_.insert(key);
}

/// A namespace may say how traffic to its services is distributed.
void RegistryBuilder::take(const ListChanges<Namespace>& changes) {
  std::map<std::string, TrafficDistribution> now;
  for (const auto& item : changes.removed) now[item->metadata.name] = TrafficDistribution::kAny;
  for (const auto& item : changes.added)
    now[item->metadata.name] =
        trafficDistributionOf("", item->metadata.annotations, TrafficDistribution::kAny);
  std::erase_if(now, [&](const auto& entry) {
    const auto last = distributions_.find(entry.first);
    return entry.second ==
           (last == distributions_.end() ? TrafficDistribution::kAny : last->second);
  });
  for (const auto& [name, distribution] : now) distributions_[name] = distribution;
  if (now.empty()) return;
  for (auto& [key, record] : services_)
    if (now.contains(key.substr(0, key.find('/')))) touched_services_.insert(&record);
}

void RegistryBuilder::take(const ListChanges<Service>& changes) {
  for (const auto& service : changes.removed) touch(service->metadata.key()).resource = nullptr;
  for (const auto& service : changes.added) touch(service->metadata.key()).resource = service;
}

void RegistryBuilder::take(const ListChanges<EndpointSlice>& changes) {
  for (const auto& slice : changes.removed)
    if (const auto key = serviceOf(*slice); !key.empty()) std::erase(touch(key).slices, slice);
  for (const auto& slice : changes.added)
    if (const auto key = serviceOf(*slice); !key.empty()) {
      auto& slices = touch(key).slices;
      slices.insert(std::ranges::upper_bound(slices, nameOf(slice), {}, nameOf), slice);
    }
}

void RegistryBuilder::take(const ListChanges<Endpoints>& changes) {
  for (const auto& endpoints : changes.removed)
    touch(endpoints->metadata.key()).endpoints = nullptr;
  for (const auto& endpoints : changes.added)
    touch(endpoints->metadata.key()).endpoints = endpoints;
}

void RegistryBuilder::take(const ListChanges<ServiceEntry>& changes) {
  for (const auto& entry : changes.removed)
    for (const auto& host : entry->hosts)
      std::erase(touch(hostNamed(host), entry->metadata.namespace_).entries, entry);
  for (const auto& entry : changes.added)
    for (const auto& host : entry->hosts) {
      auto& entries = touch(hostNamed(host), entry->metadata.namespace_).entries;
      const auto at = std::ranges::upper_bound(entries, entry, [](const auto& a, const auto& b) {
        return isOlder(a->metadata, b->metadata);
      });
      entries.insert(at, entry);
    }
}

/// Whose selectors may take in what changed, or have lost it. A node may have pods of every
/// namespace.
void RegistryBuilder::touchSelectors(const ListChanges<Pod>& pods,
                                     const ListChanges<WorkloadEntry>& entries, bool everywhere) {
  std::set<std::string_view> namespaces;
  const auto note = [&](const auto& list) {
    for (const auto& item : list) namespaces.insert(item->metadata.namespace_);
  };
  note(pods.removed);
  note(pods.added);
  note(entries.removed);
  note(entries.added);
  if (namespaces.empty() && !everywhere) return;
  for (const auto& [key, group] : entries_)
    if ((everywhere || namespaces.contains(key.second)) &&
        std::ranges::any_of(group.entries,
                            [](const auto& e) { return e->workload_selector.has_value(); }))
      touched_entries_.insert(key);
}

ServiceDefaults RegistryBuilder::defaultsOf(const std::string& in,
                                            const AgentSettings& settings) const {
  const auto distribution = distributions_.find(in);
  return {settings.cluster_domain, settings.default_service_export_to,
          distribution == distributions_.end() ? TrafficDistribution::kAny : distribution->second};
}

void RegistryBuilder::rebuild(const Snapshot& after) {
  for (auto* record : touched_services_) {
    rebuild(*record, after.agent);
    if (isEmpty(*record)) services_.erase(std::string(record->key));
  }
  touched_services_.clear();
  auto workloads = selectable(after);
  for (const auto& key : touched_entries_) {
    auto& group = entries_.at(key);
    auto services = servicesOf(key.first, group.entries, workloads[key.second], after.agent);
    touched_hosts_.insert(key.first);
    if (!sameContent(group.services, services)) group.services = std::move(services);
    if (group.entries.empty()) entries_.erase(key);
  }
  touched_entries_.clear();
}

void RegistryBuilder::rebuild(ServiceRecord& record, const AgentSettings& settings) {
  PodIndex::Needs needs;
  std::shared_ptr<const RegistryService> service;
  if (record.resource)
    service = std::make_shared<const RegistryService>(describeService(
        record, defaultsOf(record.resource->metadata.namespace_, settings), pods_, needs));
  pods_.depend(&record, record.needs, needs);
  record.needs = std::move(needs);
  if (service && record.service && *service == *record.service) return;
  for (const auto& changed : {record.service, service})
    if (changed) touched_hosts_.insert(changed->host);
  if (record.service) by_host_.erase(record.service->host);
  if (service) by_host_[service->host] = &record;
  record.service = std::move(service);
}

/// Of the namespaces whose selectors are to be evaluated.
std::map<std::string, SelectableWorkloads> RegistryBuilder::selectable(
    const Snapshot& after) const {
  std::map<std::string, SelectableWorkloads> workloads;
  for (const auto& key : touched_entries_)
    for (const auto& entry : entries_.at(key).entries)
      if (entry->workload_selector) workloads[key.second].expect(entry->workload_selector->labels);
  if (workloads.empty()) return workloads;
  for (const auto& pod : after.pods)
    if (const auto at = workloads.find(pod->metadata.namespace_); at != workloads.end())
      at->second.add(*pod, pods_.find(pod->metadata.key()));
  for (const auto& entry : after.workload_entries)
    if (const auto at = workloads.find(entry->metadata.namespace_); at != workloads.end())
      at->second.add(entry);
  return workloads;
}

std::set<std::string> RegistryBuilder::publish(Registry::Hosts& hosts) {
  std::set<std::string> changed;
  for (const auto& host : touched_hosts_) {
    auto candidates = candidatesOf(host);
    const auto last = hosts.find(host);
    if (sameContent(candidates, last == hosts.end() ? Registry::Candidates() : last->second))
      continue;
    changed.insert(host);
    if (candidates.empty())
      hosts.erase(last);
    else
      hosts[host] = std::move(candidates);
  }
  touched_hosts_.clear();
  return changed;
}

Registry::Candidates RegistryBuilder::candidatesOf(const std::string& host) const {
  Registry::Candidates candidates;
  for (auto at = entries_.lower_bound({host, ""}); at != entries_.end() && at->first.first == host;
       ++at)
    candidates.insert(candidates.end(), at->second.services.begin(), at->second.services.end());
  std::ranges::stable_sort(candidates, {}, [](const auto& service) {
    return std::pair(service->creation_timestamp.value_or(std::chrono::sys_seconds::max()),
                     std::string_view(service->resource));
  });
  const auto own = by_host_.find(host);
  if (own == by_host_.end()) shareAddresses(candidates);
  if (own != by_host_.end()) candidates.insert(candidates.begin(), own->second->service);
  return candidates;
}

}  // namespace sluice::routing
