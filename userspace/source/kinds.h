// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "userspace/model/label_pool.h"
#include "userspace/source/description.h"
#include "userspace/source/resource.h"

namespace sluice::source {

/// A kind of resource that Sluice reads.
struct Kind {
  std::string_view name;
  /// "networking.istio.io/v1"; several when versions share one schema.
  std::vector<std::string_view> api_versions;
  bool in_namespace = true;
  /// sluice.io settings: one for the node, whatever its name.
  bool is_single = false;
  const Message& (*message)() = nullptr;
  /// What people call several of them in `sluicectl get`: "virtualservices", "vs" or empty.
  std::string_view plural, short_name;
  std::string_view says;  ///< for the reference
  /// Decodes and validates. Nothing, and findings, when the document is wrong. Its labels are
  /// those of `pool`.
  std::optional<Resource> (*decode)(const YamlNode& node, const Position& position, LabelPool& pool,
                                    Findings& findings) = nullptr;
  /// Everything but apiVersion and kind; see encodeResource().
  YamlNodePtr (*encode)(const Resource& resource) = nullptr;
};

/// Every kind, for finding and for describing, in the order of the alternatives of Resource.
const std::vector<Kind>& kinds();

/// Null when Sluice does not know it.
const Kind* findKind(std::string_view api_version, std::string_view name);

/// Of which `resource` is one. It may be null.
const Kind& kindOf(const Resource& resource);

/// The name of `resource`.
ResourceId idOf(const Resource& resource);

/// Those of `kind` that are in `snapshot`, in its order.
std::vector<Resource> resourcesOf(const Snapshot& snapshot, const Kind& kind);

/// `resource` as it is understood, in the shape of the API, without what is default. Reading it
/// again gives the same resource.
YamlNodePtr encodeResource(const Resource& resource);

/// By any of its names, in any letter case: "VirtualService", "virtualservices", "vs".
const Kind* findKindByName(std::string_view name);

}  // namespace sluice::source
