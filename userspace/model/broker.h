// SPDX-License-Identifier: Apache-2.0
// What the agent asks of the broker, the process that has the rights. Implemented by
// userspace/broker, and by fakes in tests.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "maps/abi/types.h"
#include "userspace/base/fd.h"
#include "userspace/base/result.h"
#include "userspace/model/address.h"
#include "userspace/model/ids.h"
#include "userspace/model/neighbour.h"

namespace sluice {

/// A destination that the published rules allow; the broker checks it against the maps.
struct UpstreamTarget {
  WorkloadId workload;
  RouteId route;      ///< names `cluster` among those it may use
  ClusterId cluster;  ///< names `endpoint` among its members
  EndpointId endpoint;
  /// Instead of an endpoint: the address that a connection of the workload called, which must be
  /// one of the route's service, and the route must say ROUTE_TELL_ORIGIN.
  std::optional<SocketAddress> origin = std::nullopt;

  friend auto operator<=>(const UpstreamTarget&, const UpstreamTarget&) = default;
};

/// Sockets in the network namespaces of workloads.
class Sockets {
 public:
  /// A non-blocking TCP socket whose connect() has been started: it is writable when it is
  /// connected or has failed (SO_ERROR). TCP_NODELAY is set.
  using Opened = std::function<void(Result<Fd>)>;

  virtual ~Sockets() = default;

  /// Calls `opened` later, on the reactor that this object was made for.
  /// kPermission: the maps do not allow that target (any more).
  virtual void connect(const UpstreamTarget& target, Opened opened) = 0;
};

struct Enrolment {
  WorkloadId workload;
  std::string cgroup;             ///< below the cgroup2 mount
  std::string network_namespace;  ///< file of the namespace
};

/// What an enrolled workload has. The listeners stay open in the broker when the agent goes.
/// A workload that a neighbour keeps us away from has nothing but its neighbours.
struct Enrolled {
  Fd listener4;                 ///< on every 127.x.y.z of the namespace, device lo; non-blocking
  Fd listener6;                 ///< on [::1]; empty where the namespace has no IPv6
  uint16_t listener4_port = 0;  ///< host byte order
  uint16_t listener6_port = 0;
  uint16_t alive_port = 0;
  uint64_t netns_cookie = 0;
  IpAddress address4;  ///< the namespace's first global address of each family, or zero
  IpAddress address6;
  Neighbours neighbours = {};

  bool isLeftAlone() const { return listener4_port == 0; }
};

/// Attaching and releasing workloads.
class Workloads {
 public:
  virtual ~Workloads() = default;

  /// Attaches the programs to the workload's cgroup and opens its listeners; what is attached
  /// or open already stays as it is. Nothing is steered before `workloads[id]` is written.
  /// Where keepsAway() says so, nothing is attached or open from here on.
  virtual void enroll(const Enrolment& enrolment, std::function<void(Result<Enrolled>)> done) = 0;

  /// Detaches and closes everything of every workload that is not listed.
  virtual void keepOnly(const std::vector<WorkloadId>& workloads,
                        std::function<void(Result<void>)> done) = 0;

  /// Resets the connections of the connect path whose endpoint is marked ENDPOINT_GONE.
  virtual void resetGone(std::function<void(Result<void>)> done) = 0;

  /// Looks, soon and as long as it takes, for connections of the connect path that their route does
  /// not lead to any more, and ends them as the route says (ROUTE_DRAIN_*).
  virtual void drain(std::function<void(Result<void>)> done) = 0;
};

/// A connection of an enrolled workload, as the kernel has it.
struct WorkloadConnection {
  WorkloadId workload;
  SocketAddress client;  ///< its own end
  SocketAddress peer;    ///< as the wire has it: an endpoint, the listener, or whom it called
  uint8_t state = 0;     ///< TCP_ESTABLISHED and the like of netinet/tcp.h
  /// What the programs remember of it; none: it was not steered.
  std::optional<connection> record = std::nullopt;
};

/// The connections of the enrolled workloads, wherever they go.
class Connections {
 public:
  virtual ~Connections() = default;

  /// In any order.
  virtual void list(std::function<void(Result<std::vector<WorkloadConnection>>)> done) = 0;
};

}  // namespace sluice
