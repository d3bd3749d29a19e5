// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/registry_service.h"

#include <algorithm>
#include <tuple>

namespace sluice::routing {

const std::string* EndpointOrigin::label(const std::string& name) const {
  if (const auto at = place.find(name); at != place.end()) return &at->second;
  const auto at = own.find(name);
  return at == own.end() ? nullptr : &at->second;
}

bool EndpointOrigin::has(const Labels& selector) const {
  return std::ranges::all_of(selector, [this](const auto& wanted) {
    const auto* value = label(wanted.first);
    return value && *value == wanted.second;
  });
}

Labels EndpointOrigin::labels() const {
  Labels all = place;
  all.merge(own);
  return all;
}

const RegistryPort* RegistryService::port(uint16_t number) const {
  const auto found = std::ranges::lower_bound(ports, number, {}, &RegistryPort::number);
  return found != ports.end() && found->number == number ? &*found : nullptr;
}

void orderAndUnite(std::vector<RegistryEndpoint>& endpoints) {
  const auto rank = [](const RegistryEndpoint& e) {
    return std::tuple(std::cref(e.address), !e.ready, e.origin->pod.empty(),
                      std::string_view(e.origin->pod));
  };
  std::ranges::stable_sort(endpoints, {}, rank);
  const auto same = [](const auto& a, const auto& b) { return a.address == b.address; };
  endpoints.erase(std::unique(endpoints.begin(), endpoints.end(), same), endpoints.end());
}

}  // namespace sluice::routing
