// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "userspace/model/resources.h"
#include "userspace/routing/registry_service.h"
#include "userspace/routing/selectable_workloads.h"

namespace sluice::routing {

/// The services that the ServiceEntries of one namespace make of `host`, the oldest first.
/// `entries`: those that name the host, the oldest first.
///
/// Istio, canMergeServices: entries that agree in resolution, labels, selector and exportTo are
/// one service; of a port number that comes twice the older owns the port. Otherwise they are
/// services of their own, of which a client sees the first. Endpoints of ports of one name are
/// shared by all of them.
std::vector<std::shared_ptr<const RegistryService>> servicesOf(
    const std::string& host, const Snapshot::Selection<ServiceEntry>& entries,
    SelectableWorkloads& workloads, const AgentSettings& settings);

/// The first that everybody sees gets the addresses of all that everybody sees.
/// `services`: the ServiceEntries' of one host, in the order in which clients take the first.
///
/// Istio has a listener for the addresses of each ServiceEntry of a host, and the first of them has
/// the endpoints.
void shareAddresses(std::vector<std::shared_ptr<const RegistryService>>& services);

/// "10.0.0.0/8"; nothing for what is no CIDR. An address alone has all its bits.
std::optional<Subnet> parseSubnet(std::string_view text);

}  // namespace sluice::routing
