// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <string>

namespace sluice::routing {

/// What somebody has asked a Catalog for, whether there was something or not.
struct Reads {
  std::set<std::string> hosts;     ///< their services, aliases, DestinationRules and endpoints
  std::set<std::string> named;     ///< hosts: which VirtualServices name them
  std::set<std::string> services;  ///< names of VirtualServices: "shop/catalog"
  std::set<std::string> patterns;  ///< wildcards: which services are below
  /// Wildcards: which VirtualServices name a host that is below, or one that they are below.
  std::set<std::string> overlapped;
  std::set<std::string> rules;  ///< of the RuleBook, which have asked for things themselves

  void merge(const Reads& more);
};

}  // namespace sluice::routing
