// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "maps/abi/match.h"
#include "userspace/routing/request_view.h"
#include "userspace/routing/route_table.h"

namespace sluice::routing {

class ReferenceMatcher;

/// The conditions of one service's rules, ready to be asked. Immutable; used from any thread.
///
/// They are compiled to the tables of maps/abi/match.h, whose cost does not grow with the rules;
/// what those leave open is decided by the conditions themselves. docs/matcher.md.
class Matcher {
 public:
  /// kInvalid when a regular expression does not compile; validation has refused those before.
  static Result<std::shared_ptr<const Matcher>> compile(std::span<const Rule> rules);
  ~Matcher();

  /// Index of the first rule whose conditions hold (Istio: first match wins).
  std::optional<size_t> firstMatch(const RequestView& request) const;

  /// Why rule `index` does not match: the first condition of its nearest alternative that fails,
  /// as "headers[user-group]"; empty when it matches.
  std::string firstFailure(size_t index, const RequestView& request) const;

  /// As the kernel's programs walk it.
  std::span<const match_cell> table() const { return table_; }

 private:
  Matcher(std::unique_ptr<const ReferenceMatcher> reference, std::vector<match_cell> table);

  std::unique_ptr<const ReferenceMatcher> reference_;
  std::vector<match_cell> table_;
};

}  // namespace sluice::routing
