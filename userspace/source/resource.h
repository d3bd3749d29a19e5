// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <memory>
#include <string>
#include <variant>

#include "userspace/model/resources.h"

namespace sluice::source {

/// One resource of any kind; immutable, shared with the snapshots that it is in.
using Resource =
    std::variant<std::shared_ptr<const VirtualService>, std::shared_ptr<const DestinationRule>,
                 std::shared_ptr<const ServiceEntry>, std::shared_ptr<const WorkloadEntry>,
                 std::shared_ptr<const Sidecar>, std::shared_ptr<const Service>,
                 std::shared_ptr<const EndpointSlice>, std::shared_ptr<const Endpoints>,
                 std::shared_ptr<const Pod>, std::shared_ptr<const Node>,
                 std::shared_ptr<const Namespace>, std::shared_ptr<const Deployment>,
                 std::shared_ptr<const Workload>, std::shared_ptr<const AgentSettings>>;

/// Names one resource. `namespace_` is empty for kinds that live in none.
struct ResourceId {
  std::string kind;
  std::string namespace_;  // NOLINT(readability-identifier-naming): a keyword
  std::string name;

  /// "VirtualService/shop/catalog", "Namespace/shop".
  std::string text() const;
  friend auto operator<=>(const ResourceId&, const ResourceId&) = default;
};

const Metadata& metadataOf(const Resource& resource);

/// Whether both are equal in every field, places included.
bool sameContent(const Resource& a, const Resource& b);

}  // namespace sluice::source
