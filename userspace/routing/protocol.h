// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "userspace/model/kubernetes.h"
#include "userspace/routing/route_table.h"

namespace sluice::routing {

/// Istio, kube.ConvertProtocol: appProtocol, else the port's name up to the first dash, else TCP
/// for the well-known ports of servers that speak first, else unknown: detected.
Protocol protocolOf(const ServicePort& port);

/// Of a ServiceEntry's port: its `protocol`, in any case; anything unknown is detected.
Protocol protocolNamed(std::string_view name);

/// Whether `http` rules apply to ports of `protocol`.
bool isHttp(Protocol protocol);

}  // namespace sluice::routing
