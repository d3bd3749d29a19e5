// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/resource.h"

namespace sluice::source {

std::string ResourceId::text() const {
  return kind + "/" + (namespace_.empty() ? "" : namespace_ + "/") + name;
}

const Metadata& metadataOf(const Resource& resource) {
  return std::visit([](const auto& pointer) -> const Metadata& { return pointer->metadata; },
                    resource);
}

bool sameContent(const Resource& a, const Resource& b) {
  if (a.index() != b.index()) return false;
  return std::visit(
      [&b](const auto& pointer) {
        using Pointer = std::decay_t<decltype(pointer)>;
        return *pointer == *std::get<Pointer>(b);
      },
      a);
}

}  // namespace sluice::source
