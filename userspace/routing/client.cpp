// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/client.h"

#include <algorithm>

#include "userspace/routing/names.h"

namespace sluice::routing {
namespace {

template <typename T>
void sortUnique(std::vector<T>& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

/// Istio asks the client's namespace for a DestinationRule before the service's own, so a rule
/// about anything but a service next to it makes its namespace special.
bool isAboutOtherNamespaces(const DestinationRule& rule, const std::string& domain) {
  const auto host = fullHost(rule.host, rule.metadata.namespace_, domain);
  return !host.ends_with("." + rule.metadata.namespace_ + ".svc." + domain) ||
         host.starts_with('*');
}

}  // namespace

std::string labelText(const Labels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) text += (text.empty() ? "" : ",") + name + "=" + value;
  return text;
}

bool Client::has(const Labels& selector) const {
  return std::all_of(selector.begin(), selector.end(), [&](const auto& wanted) {
    const auto own = labels.find(wanted.first);
    return own != labels.end() && own->second == wanted.second;
  });
}

ClientTraits::ClientTraits(const Snapshot& snapshot, const Registry& registry) {
  for (const auto& service : snapshot.virtual_services) readVirtualService(*service);
  for (const auto& rule : snapshot.destination_rules) {
    addExports(rule->export_to, rule->metadata.namespace_);
    if (isAboutOtherNamespaces(*rule, snapshot.agent.cluster_domain))
      namespaces_.push_back(rule->metadata.namespace_);
  }
  for (const auto& [host, service] : registry.services())
    addExports(service.export_to, service.namespace_);
  sortUnique(namespaces_);
  sortUnique(selectors_);
}

void ClientTraits::readVirtualService(const VirtualService& service) {
  addExports(service.export_to, service.metadata.namespace_);
  for (const auto& route : service.http)
    for (const auto& match : route.match) {
      if (!match.gateways.empty()) continue;  // Istio: the client is not looked at then
      if (!match.source_namespace.empty()) namespaces_.push_back(match.source_namespace);
      if (!match.source_labels.empty()) selectors_.push_back(match.source_labels);
    }
}

void ClientTraits::addExports(const std::vector<std::string>& export_to,
                              const std::string& own_namespace) {
  if (visibilityFor(export_to, own_namespace, "") == Visibility::kPublic) return;
  namespaces_.push_back(own_namespace);
  for (const auto& to : export_to)
    if (to != ".") namespaces_.push_back(to);
}

ClientGroup ClientTraits::groupOf(const Client& client) const {
  ClientGroup group;
  if (std::binary_search(namespaces_.begin(), namespaces_.end(), client.namespace_)) {
    group.name = "namespace=" + client.namespace_;
    group.client.namespace_ = client.namespace_;
  }
  for (const auto& selector : selectors_) {
    if (!client.has(selector)) continue;
    group.name += (group.name.empty() ? "" : ";") + labelText(selector);
    group.client.labels.insert(selector.begin(), selector.end());
  }
  return group;
}

}  // namespace sluice::routing
