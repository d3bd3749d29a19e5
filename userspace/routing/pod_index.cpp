// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/pod_index.h"

#include <algorithm>
#include <functional>

#include "userspace/routing/topology.h"

namespace sluice::routing {
namespace {

/// Takes one of possibly several mentions away.
template <typename T>
void eraseOne(std::vector<T>& list, const T& value) {
  if (const auto at = std::ranges::find(list, value); at != list.end()) list.erase(at);
}

std::vector<IpAddress> addressesOf(const Pod& pod) {
  std::vector<IpAddress> addresses;
  if (pod.host_network) return addresses;
  for (const auto& text : pod.pod_ips)
    if (auto ip = IpAddress::parse(text); ip.ok()) addresses.push_back(*ip);
  return addresses;
}

}  // namespace

size_t PodIndex::AddressHash::operator()(const IpAddress& ip) const {
  return std::hash<std::string_view>{}(
      {reinterpret_cast<const char*>(ip.bytes.data()), ip.bytes.size()});
}

PodIndex::PodEntry& PodIndex::entryOf(const std::string& key) {
  const auto [at, is_new] = pods_.try_emplace(key);
  if (is_new) at->second.key = &at->first;
  return at->second;
}

PodIndex::AddressEntry& PodIndex::entryOf(const IpAddress& ip) {
  auto& entry = addresses_[ip];
  entry.ip = ip;
  return entry;
}

void PodIndex::update(const ListChanges<Node>& changes, Services& touched) {
  if (changes.empty()) return;
  std::set<std::string_view> names;
  for (const auto& node : changes.removed) {
    nodes_.erase(node->metadata.name);
    names.insert(node->metadata.name);
  }
  for (const auto& node : changes.added) {
    nodes_.insert_or_assign(node->metadata.name, node);
    names.insert(node->metadata.name);
  }
  Origins before;
  for (auto& [key, entry] : pods_)
    if (entry.pod && names.contains(entry.pod->node_name)) place(entry, before);
  settle(before, touched);
}

void PodIndex::update(const ListChanges<Pod>& changes, Services& touched) {
  Origins before;
  for (const auto& pod : changes.removed) remove(*pod, before, touched);
  for (const auto& pod : changes.added) add(pod, before, touched);
  settle(before, touched);
}

void PodIndex::add(const std::shared_ptr<const Pod>& pod, Origins& before, Services& touched) {
  auto& entry = entryOf(pod->metadata.key());
  entry.pod = pod;
  place(entry, before);
  for (const auto& ip : addressesOf(*pod)) {
    auto& address = entryOf(ip);
    address.pods.push_back(&entry);
    touched.insert(address.users.begin(), address.users.end());
  }
}

void PodIndex::remove(const Pod& pod, Origins& before, Services& touched) {
  auto& entry = entryOf(pod.metadata.key());
  entry.pod = nullptr;
  place(entry, before);
  for (const auto& ip : addressesOf(pod)) {
    auto& address = entryOf(ip);
    eraseOne(address.pods, &entry);
    touched.insert(address.users.begin(), address.users.end());
    eraseUnused(address);
  }
}

/// Keeps in `before` what was known of the pod when the update began.
void PodIndex::place(PodEntry& entry, Origins& before) {
  before.try_emplace(&entry, entry.origin);
  entry.origin = nullptr;
  if (entry.pod) entry.origin = originOf(*entry.pod);
}

PodIndex::OriginRef PodIndex::originOf(const Pod& pod) {
  auto origin = std::make_shared<EndpointOrigin>();
  origin->pod = pod.metadata.key();
  origin->node = pod.node_name;
  origin->locality = localityOf(pod, node(pod.node_name));
  origin->own = label_pool_.share(pod.metadata.labels);
  origin->place = label_pool_.share(placeLabels(origin->locality, origin->node, ""));
  return origin;
}

/// Most changes of a pod (its phase, its annotations) concern nobody here.
void PodIndex::settle(const Origins& before, Services& touched) {
  for (const auto& [entry, last] : before) {
    const bool same = last && entry->origin && *last == *entry->origin;
    if (same) entry->origin = last;
    if (!same) touched.insert(entry->users.begin(), entry->users.end());
    eraseUnused(*entry);
  }
}

PodIndex::OriginRef PodIndex::find(const std::string& key, Needs& needs) {
  auto& entry = entryOf(key);
  needs.pods.push_back(&entry);
  return entry.origin;
}

PodIndex::OriginRef PodIndex::findByAddress(const IpAddress& ip, std::string_view in,
                                            Needs& needs) {
  auto& entry = entryOf(ip);
  needs.addresses.push_back(&entry);
  PodEntry* found = nullptr;
  for (auto* pod : entry.pods) {
    if (pod->pod->metadata.namespace_ != in) continue;
    if (found) return nullptr;
    found = pod;
  }
  if (!found) return nullptr;
  needs.pods.push_back(found);
  return found->origin;
}

void PodIndex::depend(ServiceRecord* service, const Needs& before, const Needs& now) {
  for (auto* entry : now.pods) entry->users.push_back(service);
  for (auto* entry : now.addresses) entry->users.push_back(service);
  for (auto* entry : before.pods) {
    eraseOne(entry->users, service);
    eraseUnused(*entry);
  }
  for (auto* entry : before.addresses) {
    eraseOne(entry->users, service);
    eraseUnused(*entry);
  }
}

/// A service may need one entry several times; the last mention decides.
void PodIndex::eraseUnused(PodEntry& entry) {
  if (!entry.pod && entry.users.empty()) pods_.erase(std::string(*entry.key));
}

void PodIndex::eraseUnused(AddressEntry& entry) {
  if (entry.pods.empty() && entry.users.empty()) addresses_.erase(IpAddress(entry.ip));
}

PodIndex::OriginRef PodIndex::find(const std::string& key) const {
  const auto at = pods_.find(key);
  return at == pods_.end() ? nullptr : at->second.origin;
}

const Node* PodIndex::node(const std::string& name) const {
  const auto at = nodes_.find(name);
  return at == nodes_.end() ? nullptr : at->second.get();
}

}  // namespace sluice::routing
