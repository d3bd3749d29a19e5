// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "userspace/model/labels.h"

namespace sluice::routing {

/// Finds what selectors select without a look at everything else. Items are numbered from 0 in the
/// order in which they are added.
class LabelIndex {
 public:
  /// Says which selectors there will be, before items are added: only labels that some selector
  /// names are indexed.
  void expect(const Labels& selector);
  void add(const Labels& labels);

  /// The items that have all labels of `selector`, which was expected, in their order. An empty
  /// selector selects all.
  std::vector<uint32_t> matching(const Labels& selector) const;

 private:
  using Items = std::vector<uint32_t>;

  const Items& having(const Labels::value_type& label) const;

  std::set<std::string, std::less<>> names_;
  std::vector<Labels> items_;
  std::unordered_map<std::string, Items> by_label_;  ///< by "name=value"
};

}  // namespace sluice::routing
