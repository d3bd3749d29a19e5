// SPDX-License-Identifier: Apache-2.0
// Only what a node's data plane uses of a Sidecar.
#include "userspace/source/validate.h"
#include "userspace/source/validate_common.h"

namespace sluice::source {

void validate(const Sidecar& resource, Findings& findings) {
  checkMetadata(resource.metadata, findings);
  checkAnnotations(resource.metadata, findings);
  checkSelector(resource.workload_selector, "labels", FieldPath("spec") / "workloadSelector",
                findings);
}

}  // namespace sluice::source
