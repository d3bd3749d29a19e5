// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/rule_load.h"

namespace sluice::routing {
namespace {

bool isWildcard(const std::string& host) { return host.starts_with('*'); }

template <typename Ports>
void takeOne(Ports& ports, uint16_t number) {
  const auto found = ports.find(number);
  if (--found->second == 0) ports.erase(found);
}

}  // namespace

void RuleLoad::addPorts(const std::string& host, const std::vector<uint16_t>& ports) {
  auto& own = services_[host];
  for (const auto number : ports) ++own[number];
  service_hosts_.insert(host);
  changePorts(host, [&](Target& target, bool is_covered) {
    target.ports += ports.size();
    if (!is_covered) return;
    for (const auto number : ports) ++target.numbers[number];
  });
}

void RuleLoad::removePorts(const std::string& host, const std::vector<uint16_t>& ports) {
  auto& own = services_[host];
  for (const auto number : ports) takeOne(own, number);
  if (own.empty()) {
    services_.erase(host);
    service_hosts_.erase(host);
  }
  changePorts(host, [&](Target& target, bool is_covered) {
    target.ports -= ports.size();
    if (!is_covered) return;
    for (const auto number : ports) takeOne(target.numbers, number);
  });
}

void RuleLoad::addRules(const std::string& host, const RuleWeight& weight) {
  change(targetOf(host), [&](Target& target) {
    ++target.users;
    target.weight.per_port += weight.per_port;
    target.weight.per_number += weight.per_number;
  });
}

void RuleLoad::removeRules(const std::string& host, const RuleWeight& weight) {
  auto& target = targets_.at(host);
  change(target, [&](Target& changed) {
    --changed.users;
    changed.weight.per_port -= weight.per_port;
    changed.weight.per_number -= weight.per_number;
  });
  if (target.users > 0) return;
  targets_.erase(host);
  target_hosts_.erase(host);
}

/// What is said of the host, of a wildcard that covers it, and (connection rules alone) of hosts
/// that a wildcard service covers.
void RuleLoad::changePorts(const std::string& host, const Change& change_ports) {
  const auto change_one = [&](const std::string& name, bool is_covered) {
    if (const auto found = targets_.find(name); found != targets_.end())
      change(found->second, [&](Target& target) { change_ports(target, is_covered); });
  };
  if (!isWildcard(host)) change_one(host, true);
  forEachWildcardAbove(host, [&](const auto& wildcard) { change_one(wildcard, true); });
  if (!isWildcard(host)) return;
  target_hosts_.forEachBelow(host, [&](const auto& below) {
    if (below != host) change_one(below, false);
  });
}

void RuleLoad::change(Target& target, const std::function<void(Target&)>& edit) {
  total_ -= target.product();
  edit(target);
  total_ += target.product();
}

RuleLoad::Target& RuleLoad::targetOf(const std::string& host) {
  const auto [at, is_new] = targets_.try_emplace(host);
  if (is_new) {
    target_hosts_.insert(host);
    survey(host, at->second);
  }
  return at->second;
}

/// Of a host that nobody has named until now.
void RuleLoad::survey(const std::string& host, Target& target) const {
  const auto take = [&](const std::string& name, bool is_covered) {
    const auto found = services_.find(name);
    if (found == services_.end()) return;
    for (const auto& [number, count] : found->second) {
      target.ports += count;
      if (is_covered) target.numbers[number] += count;
    }
  };
  if (isWildcard(host))
    service_hosts_.forEachBelow(host, [&](const auto& below) { take(below, true); });
  else
    take(host, true);
  forEachWildcardAbove(host, [&](const auto& wildcard) {
    if (wildcard != host) take(wildcard, false);
  });
}

}  // namespace sluice::routing
