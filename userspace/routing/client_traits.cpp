// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/client_traits.h"

#include <utility>

#include "userspace/routing/names.h"

namespace sluice::routing {

void ClientTraits::Resources::set(const std::string& name, OfResource resource) {
  erase(name);
  if (resource.traits.empty()) return;
  for (const auto& host : resource.hosts) by_host.add(host, name);
  by_name.insert_or_assign(name, std::move(resource));
}

void ClientTraits::Resources::erase(const std::string& name) {
  const auto found = by_name.find(name);
  if (found == by_name.end()) return;
  for (const auto& host : found->second.hosts) by_host.remove(host, name);
  by_name.erase(found);
}

void ClientTraits::Resources::addTo(JointTraits& traits, const std::string& name) const {
  if (const auto found = by_name.find(name); found != by_name.end())
    traits.add(found->second.traits);
}

// --- following ---------------------------------------------------------------------------------

bool ClientTraits::update(const Snapshot& before, const Snapshot& after,
                          const std::set<std::string>& hosts, const std::set<std::string>& names) {
  changed_ = false;
  const auto services = changesOf(before.virtual_services, after.virtual_services);
  const auto rules = changesOf(before.destination_rules, after.destination_rules);
  count(services);
  count(rules);
  count(changesOf(before.sidecars, after.sidecars));
  for (const auto& host : hosts) followService(host);
  follow(rules);
  followDelegates(services);
  for (const auto& name : names) followVirtualService(name);
  return changed_;
}

template <typename T>
void ClientTraits::count(const ListChanges<T>& changes) {
  // What a resource says before and after its change is never gone between the two.
  for (const auto& resource : changes.added) count(traitsOf(*resource, agent_), 1);
  for (const auto& resource : changes.removed) count(traitsOf(*resource, agent_), -1);
}

void ClientTraits::count(const Traits& traits, int by) {
  for (const auto& name : traits.namespaces) count(namespaces_, name, by);
  for (const auto& selector : traits.selectors) count(selectors_, selector, by);
  for (const auto& label : traits.labels) count(labels_, label, by);
}

template <typename T>
void ClientTraits::count(Counted<T>& counted, const T& item, int by) {
  auto& resources = counted[item];
  changed_ = changed_ || resources == 0;
  resources += by;
  if (resources > 0) return;
  counted.erase(item);
  changed_ = true;
}

void ClientTraits::followService(const std::string& host) {
  Traits traits;
  if (const auto found = registry_.hosts().find(host); found != registry_.hosts().end())
    traits = traitsOf(found->second, agent_);
  count(traits, 1);
  if (const auto last = services_.find(host); last != services_.end()) count(last->second, -1);
  if (traits.empty()) {
    services_.erase(host);
    service_hosts_.erase(host);
  } else {
    services_.insert_or_assign(host, std::move(traits));
    service_hosts_.insert(host);
  }
}

void ClientTraits::follow(const ListChanges<DestinationRule>& changes) {
  for (const auto& rule : changes.removed) destination_rules_.erase(rule->metadata.key());
  for (const auto& rule : changes.added) {
    const auto host = fullHost(rule->host, rule->metadata.namespace_, agent_.cluster_domain);
    JointTraits traits;
    traits.add(traitsOf(*rule, agent_));
    destination_rules_.set(rule->metadata.key(), {{host}, std::move(traits)});
  }
}

void ClientTraits::followDelegates(const ListChanges<VirtualService>& changes) {
  for (const auto& service : changes.removed) delegates_.erase(service->metadata.key());
  for (const auto& service : changes.added) {
    if (!service->hosts.empty()) continue;
    if (auto traits = traitsOf(*service, agent_); !traits.empty())
      delegates_.insert_or_assign(service->metadata.key(), std::move(traits));
  }
}

void ClientTraits::followVirtualService(const std::string& name) {
  const auto* service = virtual_services_.find(name);
  if (!service) return roots_.erase(name);
  JointTraits traits;
  traits.add(traitsOf(*service->resource, agent_));
  for (const auto& delegate : service->delegates)
    if (const auto found = delegates_.find(delegate); found != delegates_.end())
      traits.add(found->second);
  roots_.set(name, {service->hosts, std::move(traits)});
}

// --- asking ------------------------------------------------------------------------------------

ClientGroup ClientTraits::groupOf(const Client& client) const {
  ClientGroup group;
  const auto name = [&](const std::string& part) {
    group.name += (group.name.empty() ? "" : ";") + part;
  };
  if (namespaces_.contains(client.namespace_)) {
    name("namespace=" + client.namespace_);
    group.client.namespace_ = client.namespace_;
  }
  for (const auto& [selector, resources] : selectors_) {
    if (!client.has(selector)) continue;
    name(labelText(selector));
    group.client.labels.insert(selector.begin(), selector.end());
  }
  Labels values;
  for (const auto& [label, resources] : labels_)
    if (const auto at = client.labels.find(label); at != client.labels.end()) values.insert(*at);
  if (!values.empty()) name(labelText(values));
  group.client.labels.merge(values);
  return group;
}

JointTraits ClientTraits::of(const Reads& reads) const {
  JointTraits traits;
  const auto add_service = [&](const std::string& host) {
    if (const auto found = services_.find(host); found != services_.end())
      traits.add(found->second);
  };
  const auto add_rule = [&](const auto& name) { destination_rules_.addTo(traits, name); };
  const auto add_root = [&](const auto& name) { roots_.addTo(traits, name); };
  for (const auto& host : reads.hosts) {
    add_service(host);
    destination_rules_.by_host.forEachCovering(host, add_rule);
  }
  for (const auto& pattern : reads.patterns) service_hosts_.forEachBelow(pattern, add_service);
  for (const auto& host : reads.named) roots_.by_host.forEachCovering(host, add_root);
  for (const auto& wildcard : reads.overlapped) roots_.by_host.forEachBelow(wildcard, add_root);
  for (const auto& name : reads.services) add_root(name);
  return traits;
}

}  // namespace sluice::routing
