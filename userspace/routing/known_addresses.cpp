// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/known_addresses.h"

namespace sluice::routing {
namespace {

void add(const std::string& text, std::set<IpAddress>& known) {
  if (const auto address = IpAddress::parse(text); address.ok()) known.insert(*address);
}

}  // namespace

std::set<IpAddress> knownAddresses(const Snapshot& snapshot) {
  std::set<IpAddress> known;
  for (const auto& pod : snapshot.pods)
    if (pod->phase != "Succeeded" && pod->phase != "Failed")
      for (const auto& ip : pod->pod_ips) add(ip, known);
  for (const auto& slice : snapshot.endpoint_slices)
    for (const auto& endpoint : slice->endpoints)
      for (const auto& ip : endpoint.addresses) add(ip, known);
  for (const auto& endpoints : snapshot.endpoints)
    for (const auto& subset : endpoints->subsets) {
      for (const auto& address : subset.addresses) add(address.ip, known);
      for (const auto& address : subset.not_ready_addresses) add(address.ip, known);
    }
  for (const auto& entry : snapshot.workload_entries) add(entry->endpoint.address, known);
  return known;
}

}  // namespace sluice::routing
