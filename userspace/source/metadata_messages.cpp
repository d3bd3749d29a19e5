// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/metadata_messages.h"

namespace sluice::source {

namespace {

/// Written even where it is the default, which readers need not know; cluster-wide kinds have none.
YamlNodePtr encodeNamespace(const void* metadata, bool /*even_default*/) {
  const std::string& name = static_cast<const Metadata*>(metadata)->namespace_;
  return name.empty() ? nullptr : stringNode(name);
}

FieldOf<Metadata> namespaceField() {
  auto result = field<&Metadata::namespace_>("namespace", "Namespace of the resource.");
  result.encode = &encodeNamespace;
  return result.byDefault("default");
}

}  // namespace

template <>
Message define<Metadata>() {
  using M = Metadata;
  return MessageOf<M>(
      "ObjectMeta",
      {
          field<&M::name>("name", "Name of the resource.").required(),
          namespaceField(),
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
