// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "userspace/analysis/checks.h"

namespace sluice::analysis {
namespace {

/// What of the rule will not see the fault; null: nothing.
const char* blindTo(const HttpRoute& rule) {
  const HttpFaultInjection& fault = *rule.fault;
  const bool delays = fault.delay && fault.delay->percentage.millionths > 0;
  const bool aborts = fault.abort && fault.abort->percentage.millionths > 0;
  const bool retries = rule.retries && rule.retries->attempts > 0;
  if (delays && rule.timeout) return "the rule's timeout does not cut the injected delay";
  if (aborts && retries) return "the rule's retries do not repeat an injected abort";
  if (delays && retries && rule.retries->per_try_timeout) {
    return "perTryTimeout does not cut the injected delay";
  }
  return nullptr;
}

}  // namespace

void checkFaults(const Mesh& mesh, Report& report) {
  for (const auto& service : mesh.inForce().virtual_services) {
    for (size_t i = 0; i < service->http.size(); ++i) {
      const HttpRoute& rule = service->http[i];
      const char* what = rule.fault ? blindTo(rule) : nullptr;
      if (what == nullptr) continue;
      report.add({code::kFaultBypassesRetry, subjectOf(*service),
                  (source::FieldPath("spec") / "http")[i] / "fault", what});
    }
  }
}

}  // namespace sluice::analysis
