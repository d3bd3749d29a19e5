// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace sluice {

/// A number that names one thing of one kind, in the maps and between the processes. 0 is none.
template <typename Tag, typename Number = uint32_t>
struct Id {
  Number value = 0;
  explicit operator bool() const { return value != 0; }
  friend auto operator<=>(const Id&, const Id&) = default;
};

using ServiceId = Id<struct ServiceTag>;    ///< one port of a service on one address family
using BindingId = Id<struct BindingTag>;    ///< a service as one client class sees it
using RouteId = Id<struct RouteTag>;        ///< one immutable version of a binding's rules
using ClusterId = Id<struct ClusterTag>;    ///< the endpoints of one (host, port, subset)
using EndpointId = Id<struct EndpointTag>;  ///< one address and port
using ClientClass = Id<struct ClassTag>;    ///< clients that see the same rules
using WorkloadId = Id<struct WorkloadTag, uint64_t>;  ///< hash of "namespace/name"

}  // namespace sluice

template <typename Tag, typename Number>
struct std::hash<sluice::Id<Tag, Number>> {
  size_t operator()(const sluice::Id<Tag, Number>& id) const {
    return std::hash<Number>{}(id.value);
  }
};
