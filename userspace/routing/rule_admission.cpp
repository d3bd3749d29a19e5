// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/rule_admission.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <string_view>
#include <tuple>
#include <utility>

#include "userspace/model/codes.h"
#include "userspace/model/rule_weight.h"
#include "userspace/routing/age.h"
#include "userspace/routing/delegates.h"
#include "userspace/routing/names.h"
#include "userspace/routing/refusals.h"
#include "userspace/routing/snapshot_changes.h"
#include "userspace/routing/virtual_services.h"

namespace sluice::routing {
namespace {

using VirtualServiceRef = std::shared_ptr<const VirtualService>;
using DestinationRuleRef = std::shared_ptr<const DestinationRule>;
using WorkloadRef = std::shared_ptr<const Workload>;

std::vector<uint16_t> portsOf(const Service& service) {
  std::vector<uint16_t> ports;
  for (const auto& port : service.ports)
    if (port.protocol == "TCP") ports.push_back(port.port);
  return ports;
}

std::vector<uint16_t> portsOf(const ServiceEntry& entry) {
  std::vector<uint16_t> ports;
  ports.reserve(entry.ports.size());
  for (const auto& port : entry.ports) ports.push_back(static_cast<uint16_t>(port.number));
  return ports;
}

uint64_t sizeOf(const Service& service) { return service.ports.size(); }
uint64_t sizeOf(const ServiceEntry& entry) { return entry.hosts.size() * entry.ports.size(); }

uint64_t sizeOf(const DestinationRule&) { return 1; }
uint64_t sizeOf(const Workload&) { return 0; }

const char* kindOf(const VirtualServiceRef&) { return "VirtualService/"; }
const char* kindOf(const DestinationRuleRef&) { return "DestinationRule/"; }
const char* kindOf(const WorkloadRef&) { return "Workload/"; }
const char* kindOf(const std::shared_ptr<const Service>&) { return "Service/"; }
const char* kindOf(const std::shared_ptr<const ServiceEntry>&) { return "ServiceEntry/"; }

std::string nameOf(const Delegate& delegate, const VirtualService& root) {
  const auto& in = delegate.namespace_;
  return (in.empty() ? root.metadata.namespace_ : in) + "/" + delegate.name;
}

/// A port that some clients see differently has a route for each of them, which costs as much as
/// some rules.
constexpr uint64_t kPerVariant = 4;

/// Whether the same resources are charged the same under both.
bool chargesAlike(const AgentSettings& a, const AgentSettings& b) {
  return a.cluster_domain == b.cluster_domain && a.http_mode == b.http_mode &&
         a.default_virtual_service_export_to == b.default_virtual_service_export_to;
}

/// Destinations of http rules: every port has a slot for each in the kernel's tables.
class DistinctDestinations {
 public:
  void add(const HttpRoute& rule) {
    for (const auto& entry : rule.route) add(entry.destination);
    if (rule.mirror) add(*rule.mirror);
    for (const auto& mirror : rule.mirrors)
      if (mirror.destination) add(*mirror.destination);
  }
  uint64_t count() const { return known_.size(); }

 private:
  void add(const Destination& destination) {
    known_.emplace(destination.host, destination.port.value_or(0), destination.subset);
  }
  std::set<std::tuple<std::string_view, uint32_t, std::string_view>> known_;
};

}  // namespace

// --- what is charged ---------------------------------------------------------------------------

void RuleAdmission::put(const std::shared_ptr<const Service>& service) {
  const auto& meta = service->metadata;
  load_.addPorts(serviceHost(meta.name, meta.namespace_, agent_.cluster_domain), portsOf(*service));
}

void RuleAdmission::take(const std::shared_ptr<const Service>& service) {
  const auto& meta = service->metadata;
  load_.removePorts(serviceHost(meta.name, meta.namespace_, agent_.cluster_domain),
                    portsOf(*service));
}

void RuleAdmission::put(const std::shared_ptr<const ServiceEntry>& entry) {
  const auto ports = portsOf(*entry);
  for (const auto& host : entry->hosts) load_.addPorts(toLower(host), ports);
}

void RuleAdmission::take(const std::shared_ptr<const ServiceEntry>& entry) {
  const auto ports = portsOf(*entry);
  for (const auto& host : entry->hosts) load_.removePorts(toLower(host), ports);
}

void RuleAdmission::put(const DestinationRuleRef& rule) {
  if (!rule->workload_selector) return;
  const auto host = fullHostOf(rule->host, rule->metadata);
  ++selecting_[host];
  load_.addRules(host, weightOfSelectors());
}

void RuleAdmission::take(const DestinationRuleRef& rule) {
  if (!rule->workload_selector) return;
  const auto host = fullHostOf(rule->host, rule->metadata);
  if (--selecting_.at(host) == 0) selecting_.erase(host);
  load_.removeRules(host, weightOfSelectors());
}

void RuleAdmission::put(const WorkloadRef&) { countClients(workloads_ + 1); }
void RuleAdmission::take(const WorkloadRef&) { countClients(workloads_ - 1); }

/// What tells clients apart is charged anew when there may be more or fewer of them.
void RuleAdmission::countClients(uint64_t workloads) {
  workloads_ = workloads;
  const auto clients = std::bit_ceil(std::max<uint64_t>(workloads, 1));
  if (clients == clients_) return;
  const auto before = weightOfSelectors();
  clients_ = clients;
  for (const auto& [host, rules] : selecting_) {
    for (uint64_t i = 0; i < rules; ++i) {
      load_.removeRules(host, before);
      load_.addRules(host, weightOfSelectors());
    }
  }
  for (auto& [name, root] : roots_) {
    if (traitsOf(*root.resource).empty()) continue;
    discharge(root);
    charge(root);
  }
}

void RuleAdmission::put(const VirtualServiceRef& service) {
  const auto key = service->metadata.key();
  if (service->hosts.empty()) {
    delegates_[key] = service;
    return chargeAgain(key);
  }
  if (!appliesInMesh(*service)) return;
  for (const auto& rule : service->http)
    if (rule.delegate) delegators_[nameOf(*rule.delegate, *service)].insert(key);
  charge(roots_[key] = {service});
}

void RuleAdmission::take(const VirtualServiceRef& service) {
  const auto key = service->metadata.key();
  if (service->hosts.empty()) {
    delegates_.erase(key);
    return chargeAgain(key);
  }
  const auto root = roots_.extract(key);
  if (root.empty()) return;
  discharge(root.mapped());
  for (const auto& rule : service->http) {
    if (!rule.delegate) continue;
    const auto roots = delegators_.find(nameOf(*rule.delegate, *service));
    if (roots == delegators_.end()) continue;
    roots->second.erase(key);
    if (roots->second.empty()) delegators_.erase(roots);
  }
}

void RuleAdmission::charge(Root& root) {
  root.weight = weightOf(*root.resource);
  for (const auto& host : root.resource->hosts)
    load_.addRules(fullHostOf(host, root.resource->metadata), root.weight);
}

void RuleAdmission::discharge(const Root& root) {
  for (const auto& host : root.resource->hosts)
    load_.removeRules(fullHostOf(host, root.resource->metadata), root.weight);
}

/// A root has the rules of its delegates.
void RuleAdmission::chargeAgain(const std::string& delegate) {
  const auto roots = delegators_.find(delegate);
  if (roots == delegators_.end()) return;
  for (const auto& name : roots->second) {
    auto& root = roots_.at(name);
    discharge(root);
    charge(root);
  }
}

RuleWeight RuleAdmission::weightOf(const VirtualService& root) const {
  DistinctDestinations destinations;
  uint64_t delegated = 0;
  for (const auto& rule : root.http) {
    destinations.add(rule);
    if (!rule.delegate) continue;
    const auto leaf = delegates_.find(nameOf(*rule.delegate, root));
    if (leaf == delegates_.end()) continue;
    for (const auto& inner : leaf->second->http) {
      delegated += mergedWeight(rule, inner);
      destinations.add(inner);
    }
  }
  // What is beyond the limit is dropped.
  const auto most = kMaxDelegatedMatches / std::max<size_t>(root.hosts.size(), 1);
  const auto more_variants = variantsOf(traitsOf(root), clients_) - 1;
  // Where the Host header decides, it names its hosts on all these ports.
  const bool names_ports = agent_.http_mode == AgentSettings::HttpMode::kIstio;
  return {1 + kPerVariant * more_variants + destinations.count() + weightOfAll(root.tcp) +
              weightOfAll(root.tls),
          weightOfAll(root.http) + std::min<uint64_t>(delegated, most) +
              (names_ports ? root.hosts.size() : 0)};
}

/// A client is under one DestinationRule with a selector, or under none.
RuleWeight RuleAdmission::weightOfSelectors() const {
  return {kPerVariant * (std::min<uint64_t>(clients_, 2) - 1), 0};
}

Traits RuleAdmission::traitsOf(const VirtualService& root) const {
  auto traits = routing::traitsOf(root, agent_);
  for (const auto& rule : root.http) {
    if (!rule.delegate) continue;
    const auto leaf = delegates_.find(nameOf(*rule.delegate, root));
    if (leaf != delegates_.end()) traits.merge(routing::traitsOf(*leaf->second, agent_));
  }
  return traits;
}

uint64_t RuleAdmission::sizeOf(const VirtualService& service) const {
  const auto weight = weightOf(service);
  return std::max<uint64_t>(service.hosts.size(), 1) * (weight.per_port + weight.per_number);
}

std::string RuleAdmission::fullHostOf(const std::string& host, const Metadata& rule) const {
  return fullHost(host, rule.namespace_, agent_.cluster_domain);
}

// --- what is admitted --------------------------------------------------------------------------

/// Admits changes one by one, for when all of them together do not fit.
class RuleAdmission::OneByOne {
 public:
  OneByOne(RuleAdmission& admission, const Snapshot& next) : admission_(admission), next_(next) {}

  /// They have been put already.
  template <typename T>
  void add(const ListChanges<T>& changes) {
    for (const auto& item : changes.added) admission_.take(item);
    Refusals<T> last;
    for (const auto& item : changes.removed) last.emplace(item->metadata.key(), item);
    for (const auto& item : changes.added) {
      const auto found = last.find(item->metadata.key());
      wish(item, found == last.end() ? nullptr : found->second);
    }
  }

  Consistent choose() {
    std::ranges::stable_sort(wishes_, [](const Wish& a, const Wish& b) {
      return a.size != b.size ? a.size < b.size : isOlder(*a.metadata, *b.metadata);
    });
    for (const auto& wish : wishes_) wish.grant();
    auto snapshot = std::make_shared<Snapshot>(next_);
    replaceRefused(snapshot->virtual_services, virtual_services_);
    replaceRefused(snapshot->services, services_);
    replaceRefused(snapshot->service_entries, entries_);
    replaceRefused(snapshot->destination_rules, destination_rules_);
    replaceRefused(snapshot->workloads, workloads_);
    return {std::move(snapshot), std::move(held_)};
  }

 private:
  struct Wish {
    uint64_t size;
    const Metadata* metadata;
    std::function<void()> grant;  ///< or refuse
  };

  template <typename T>
  void wish(const std::shared_ptr<const T>& item, const std::shared_ptr<const T>& last) {
    if (last) admission_.put(last);
    wishes_.push_back({sizeOf(*item), &item->metadata, [this, item, last] { decide(item, last); }});
  }

  uint64_t sizeOf(const VirtualService& service) const { return admission_.sizeOf(service); }
  template <typename T>
  static uint64_t sizeOf(const T& other) {
    return routing::sizeOf(other);
  }

  template <typename T>
  void decide(const std::shared_ptr<const T>& item, const std::shared_ptr<const T>& last) {
    if (last) admission_.take(last);
    admission_.put(item);
    if (admission_.fits()) return;
    refuse(item, last);
    admission_.take(item);
    if (last) admission_.put(last);
  }

  template <typename T>
  void refuse(const std::shared_ptr<const T>& item, const std::shared_ptr<const T>& last) {
    const auto key = item->metadata.key();
    held_.push_back({kindOf(item) + key,
                     fmt::format("with it, rules, the ports of the services that they are for and "
                                 "the workloads that they tell apart multiply to {}, more than {}; "
                                 "{}",
                                 admission_.load_.total(), admission_.limit_, fateOf(last)),
                     code::kProduct});
    refusalsOf(item).emplace(key, last);
  }

  Refusals<VirtualService>& refusalsOf(const VirtualServiceRef&) { return virtual_services_; }
  Refusals<DestinationRule>& refusalsOf(const DestinationRuleRef&) { return destination_rules_; }
  Refusals<Workload>& refusalsOf(const WorkloadRef&) { return workloads_; }
  Refusals<Service>& refusalsOf(const std::shared_ptr<const Service>&) { return services_; }
  Refusals<ServiceEntry>& refusalsOf(const std::shared_ptr<const ServiceEntry>&) {
    return entries_;
  }

  RuleAdmission& admission_;
  const Snapshot& next_;
  std::vector<Wish> wishes_;
  Refusals<VirtualService> virtual_services_;
  Refusals<Service> services_;
  Refusals<ServiceEntry> entries_;
  Refusals<DestinationRule> destination_rules_;
  Refusals<Workload> workloads_;
  std::vector<HeldBack> held_;
};

Consistent RuleAdmission::update(std::shared_ptr<const Snapshot> next) {
  if (!chargesAlike(agent_, next->agent)) *this = RuleAdmission(limit_);
  agent_ = next->agent;
  const auto changes = std::tuple(changesOf(last_->workloads, next->workloads),
                                  changesOf(last_->services, next->services),
                                  changesOf(last_->service_entries, next->service_entries),
                                  changesOf(last_->destination_rules, next->destination_rules),
                                  changesOf(last_->virtual_services, next->virtual_services));
  const auto for_each_kind = [&](const auto& visit) {
    std::apply([&](const auto&... kind) { (visit(kind), ...); }, changes);
  };
  for_each_kind([&](const auto& kind) {
    for (const auto& item : kind.removed) take(item);
    for (const auto& item : kind.added) put(item);
  });
  Consistent answer{std::move(next), {}};
  if (!fits()) {
    OneByOne admission(*this, *answer.snapshot);
    for_each_kind([&](const auto& kind) { admission.add(kind); });
    answer = admission.choose();
  }
  last_ = answer.snapshot;
  return answer;
}

}  // namespace sluice::routing
