// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/metadata_messages.h"

namespace sluice::source {

template <>
Message define<Metadata>() {
  using M = Metadata;
  return MessageOf<M>(
      "ObjectMeta",
      {
          field<&M::name>("name", "Name of the resource.").required(),
          field<&M::namespace_>("namespace", "Namespace of the resource.").byDefault("default"),
          field<&M::labels>("labels", "What selectors look at."),
          field<&M::annotations>("annotations", "Notes, some of which change what a rule does."),
          field<&M::creation_timestamp>("creationTimestamp",
                                        "Age: of two rules for one host the older wins."),
          ignored<M>("uid"),
          ignored<M>("resourceVersion"),
          ignored<M>("generation"),
          ignored<M>("generateName"),
          ignored<M>("managedFields"),
          ignored<M>("ownerReferences"),
          ignored<M>("finalizers"),
          ignored<M>("deletionTimestamp"),
          ignored<M>("deletionGracePeriodSeconds"),
          ignored<M>("selfLink"),
      });
}

}  // namespace sluice::source
