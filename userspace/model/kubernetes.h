// SPDX-License-Identifier: Apache-2.0
// Kubernetes, as far as Sluice reads it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "userspace/model/address.h"
#include "userspace/model/metadata.h"

namespace sluice {

struct ServicePort {
  std::string name;
  uint16_t port = 0;
  std::string target_port;  ///< a number or a name; empty: `port`
  std::string protocol = "TCP";
  std::string app_protocol;
  friend bool operator==(const ServicePort&, const ServicePort&) = default;
};

struct Service {
  Metadata metadata;
  std::string type = "ClusterIP";
  std::vector<std::string> cluster_ips;  ///< "None" for headless
  std::vector<ServicePort> ports;
  Labels selector;
  std::string external_name;
  std::string session_affinity;  ///< "ClientIP", "None" or empty
  std::optional<uint32_t> session_affinity_timeout_seconds;
  std::string internal_traffic_policy;  ///< "Local", "Cluster" or empty
  std::string traffic_distribution;     ///< "PreferClose" and the like, or empty
  bool publish_not_ready_addresses = false;
  friend bool operator==(const Service&, const Service&) = default;
};

struct SliceEndpoint {
  std::vector<std::string> addresses;
  std::optional<bool> ready;
  std::optional<bool> serving;
  std::optional<bool> terminating;
  std::string target_kind, target_name, target_namespace;  ///< targetRef
  std::string node_name, zone;
  friend bool operator==(const SliceEndpoint&, const SliceEndpoint&) = default;
};

struct SlicePort {
  std::string name;
  std::optional<uint16_t> port;
  std::string protocol = "TCP";
  std::string app_protocol;
  friend bool operator==(const SlicePort&, const SlicePort&) = default;
};

struct EndpointSlice {
  Metadata metadata;
  std::string address_type;
  std::vector<SlicePort> ports;
  std::vector<SliceEndpoint> endpoints;
  friend bool operator==(const EndpointSlice&, const EndpointSlice&) = default;
};

/// The old form; read where a Service has no EndpointSlice.
struct Endpoints {
  struct Address {
    std::string ip;
    std::string target_kind, target_name, target_namespace;  ///< targetRef
    std::string node_name;
    friend bool operator==(const Address&, const Address&) = default;
  };
  struct EndpointSubset {
    std::vector<Address> addresses, not_ready_addresses;
    std::vector<SlicePort> ports;
    friend bool operator==(const EndpointSubset&, const EndpointSubset&) = default;
  };
  Metadata metadata;  ///< the name is the Service's
  std::vector<EndpointSubset> subsets;
  friend bool operator==(const Endpoints&, const Endpoints&) = default;
};

struct ContainerPort {
  std::string name;
  uint16_t container_port = 0;
  std::string protocol = "TCP";
  friend bool operator==(const ContainerPort&, const ContainerPort&) = default;
};

struct Container {
  std::string name;
  std::vector<ContainerPort> ports;
  friend bool operator==(const Container&, const Container&) = default;
};

struct Pod {
  Metadata metadata;
  std::string node_name;
  std::vector<std::string> pod_ips;
  std::string phase;
  bool host_network = false;
  std::vector<Container> containers;
  friend bool operator==(const Pod&, const Pod&) = default;
};

struct Node {
  Metadata metadata;  ///< labels say where it stands
  friend bool operator==(const Node&, const Node&) = default;
};

struct Namespace {
  Metadata metadata;
  friend bool operator==(const Namespace&, const Namespace&) = default;
};

/// apps: what `analyze` needs of the workloads that a Service selects.
struct Deployment {
  Metadata metadata;
  Labels pod_labels;       ///< spec.template.metadata.labels
  Labels pod_annotations;  ///< spec.template.metadata.annotations
  std::vector<Container> containers;
  friend bool operator==(const Deployment&, const Deployment&) = default;
};

}  // namespace sluice
