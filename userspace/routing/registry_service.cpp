// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/registry_service.h"

#include <algorithm>
#include <tuple>

namespace sluice::routing {

const RegistryPort* RegistryService::port(uint16_t number) const {
  for (const auto& port : ports)
    if (port.number == number) return &port;
  return nullptr;
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
