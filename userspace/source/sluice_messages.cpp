// SPDX-License-Identifier: Apache-2.0
// sluice.io: Agent and Workload.
#include <array>

#include "userspace/source/codec.h"
#include "userspace/source/messages.h"

namespace sluice::source {

template <>
struct EnumNames<AgentSettings::FailPolicy> {
  using FailPolicy = AgentSettings::FailPolicy;
  static constexpr std::array<std::pair<std::string_view, FailPolicy>, 2> kNames = {{
      {"closed", FailPolicy::kClosed},
      {"open", FailPolicy::kOpen},
  }};
};

template <>
const Message& describe<AgentSettings>() {
  using M = AgentSettings;
  static const Message kMessage =
      messageOf<M>("Agent", {
                                ignored<M>("apiVersion"),
                                ignored<M>("kind"),
                                field<&M::metadata>("metadata").required(),
                                group<M>("spec",
                                         {
                                             field<&M::fail_policy>("failPolicy"),
                                             field<&M::cluster_domain>("clusterDomain"),
                                             field<&M::root_namespace>("rootNamespace"),
                                         }),
                            });
  return kMessage;
}

template <>
const Message& describe<Workload>() {
  using M = Workload;
  static const Message kMessage = messageOf<M>(
      "Workload", {
                      ignored<M>("apiVersion"),
                      ignored<M>("kind"),
                      field<&M::metadata>("metadata").required(),
                      group<M>("spec",
                               {
                                   field<&M::cgroup>("cgroup").required(),
                                   field<&M::network_namespace>("networkNamespace").required(),
                               })
                          .required(),
                  });
  return kMessage;
}

}  // namespace sluice::source
