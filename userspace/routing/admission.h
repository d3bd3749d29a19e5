// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "userspace/routing/rule_admission.h"
#include "userspace/routing/selector_admission.h"

namespace sluice::routing {

struct AdmissionLimits {
  /// Rules of VirtualServices times the ports that they are for (RuleLoad). A mesh of 10,000
  /// services and 5,000 VirtualServices has some 150,000.
  uint64_t rules_times_ports = 2'000'000;
  /// Endpoints that selectors of ServiceEntries select for all their hosts and ports. The kernel's
  /// tables hold half of it.
  uint64_t selected_endpoints = 500'000;
};

/// Keeps what resources multiply to with each other within limits, as source/limits.h does for each
/// alone. Of what is new or has changed, the largest that does not fit any more is refused by name
/// (SLU3004): its last version stays, or it is left out. What was admitted before stays admitted.
/// An update costs what has changed. Belongs to one thread.
class Admission {
 public:
  explicit Admission(const AdmissionLimits& limits = {})
      : selectors_(limits.selected_endpoints), rules_(limits.rules_times_ports) {}

  /// `next` itself when everything fits. Never null.
  Consistent update(std::shared_ptr<const Snapshot> next);

 private:
  SelectorAdmission selectors_;
  RuleAdmission rules_;
};

}  // namespace sluice::routing
