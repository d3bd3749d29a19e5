// SPDX-License-Identifier: Apache-2.0
// networking.istio.io: ServiceEntry, WorkloadEntry, Sidecar.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "userspace/model/destination_rule.h"

namespace sluice {

/// What a WorkloadEntry and an endpoint of a ServiceEntry say of a server.
struct WorkloadEndpoint {
  std::string address;  ///< IP, host name, "unix:///path" or "unix://@name"
  std::map<std::string, uint32_t> ports;
  Labels labels;
  std::string network;
  std::string locality;  ///< "region/zone/subzone"
  uint32_t weight = 0;   ///< 0: 1
  std::string service_account;
  friend bool operator==(const WorkloadEndpoint&, const WorkloadEndpoint&) = default;
};

struct ServiceEntryPort {
  uint32_t number = 0;
  std::string protocol;  ///< as written; empty: detected
  std::string name;
  std::optional<uint32_t> target_port;
  friend bool operator==(const ServiceEntryPort&, const ServiceEntryPort&) = default;
};

struct ServiceEntry {
  enum class Location { kMeshExternal, kMeshInternal };
  enum class Resolution { kNone, kStatic, kDns, kDnsRoundRobin, kDynamicDns };
  Metadata metadata;
  std::vector<std::string> hosts;
  std::vector<std::string> addresses;  ///< IPs and CIDRs
  std::vector<ServiceEntryPort> ports;
  Location location = Location::kMeshExternal;
  Resolution resolution = Resolution::kNone;
  std::vector<WorkloadEndpoint> endpoints;
  std::optional<WorkloadSelector> workload_selector;
  std::vector<std::string> export_to;  ///< empty: everyone
  std::vector<std::string> subject_alt_names;
  std::vector<std::string> allocated_addresses;  ///< status.addresses
  friend bool operator==(const ServiceEntry&, const ServiceEntry&) = default;
};

struct WorkloadEntry {
  Metadata metadata;
  WorkloadEndpoint endpoint;
  friend bool operator==(const WorkloadEntry&, const WorkloadEntry&) = default;
};

/// Of a Sidecar only what concerns a node's data plane; the rest is checked for its form alone.
struct Sidecar {
  enum class OutboundMode { kAllowAny, kRegistryOnly };
  Metadata metadata;
  std::optional<WorkloadSelector> workload_selector;
  std::optional<OutboundMode> outbound_mode;  ///< outboundTrafficPolicy.mode
  friend bool operator==(const Sidecar&, const Sidecar&) = default;
};

}  // namespace sluice
