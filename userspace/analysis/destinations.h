// SPDX-License-Identifier: Apache-2.0
// Walks over the destinations of a VirtualService.
#pragma once

#include <functional>

#include "userspace/model/resources.h"
#include "userspace/source/field_path.h"

namespace sluice::analysis {

struct DestinationUse {
  const Destination& destination;
  source::FieldPath path;  ///< "spec.http[0].route[0].destination", "spec.http[0].mirror"
  bool is_mirror = false;
};

using DestinationVisitor = std::function<void(const DestinationUse&)>;

/// Of tcp, tls and http rules, mirrors last.
void forEachDestination(const VirtualService& service, const DestinationVisitor& visit);

}  // namespace sluice::analysis
