// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "userspace/model/resources.h"

namespace sluice::routing {

/// What takes the place of resources that are refused, by their keys: the last version; null: none.
template <typename T>
using Refusals = std::map<std::string, std::shared_ptr<const T>>;

/// Puts it there.
template <typename T>
void replaceRefused(Snapshot::List<T>& list, const Refusals<T>& refusals) {
  if (refusals.empty()) return;
  auto& items = list.edit();
  for (auto& item : items)
    if (const auto refused = refusals.find(item->metadata.key()); refused != refusals.end())
      item = refused->second;
  std::erase(items, nullptr);
}

/// What becomes of a refused resource, for people.
template <typename T>
const char* fateOf(const std::shared_ptr<const T>& last) {
  return last ? "its last version stays" : "it is left out";
}

}  // namespace sluice::routing
