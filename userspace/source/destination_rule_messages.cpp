// SPDX-License-Identifier: Apache-2.0
// networking.istio.io, DestinationRule: the resource.
#include "userspace/source/istio_codecs.h"
#include "userspace/source/metadata_messages.h"
#include "userspace/source/selector_rules.h"

namespace sluice::source {

template <>
Message define<MatchLabels>() {
  using M = WorkloadSelector;
  constexpr size_t kMaxLabels = 4096;
  return MessageOf<M>("WorkloadSelector (DestinationRule)",
                      {field<&M::labels>("matchLabels", "Labels of the clients it is for.")
                           .within(atMostItems(kMaxLabels))
                           .keysWithin(textRule(selectorKeyComplaint))
                           .eachWithin(textOf(kMaxLabelValueLength, selectorValueComplaint))});
}

template <>
Message define<Subset>() {
  using M = Subset;
  return MessageOf<M>(
      "Subset",
      {
          field<&M::name>("name", "Name that routes use.").required(),
          field<&M::labels>("labels", "Labels of its endpoints; absent: all of them."),
          field<&M::traffic_policy>("trafficPolicy", "Its blocks replace those of the rule."),
      });
}

template <>
Message define<DestinationRule>() {
  using M = DestinationRule;
  using Selector = OptionalOf<WorkloadSelector, As<WorkloadSelector, MatchLabels>>;
  const Fields<M> spec = {
      field<&M::host>("host", "The service; without a dot, one of the rule's namespace.")
          .required(),
      field<&M::traffic_policy>("trafficPolicy", "Policy for all of its ports and subsets."),
      field<&M::subsets>("subsets", "Named parts of its endpoints."),
      field<&M::export_to>("exportTo", "Namespaces that see the rule: \".\", \"*\", names.")
          .byDefault("\"*\""),
      field<&M::workload_selector, Selector>("workloadSelector",
                                             "Clients of this namespace that it is for."),
  };
  return resourceWithSpec<M>("DestinationRule", MessageOf<M>("DestinationRule", spec));
}

}  // namespace sluice::source
