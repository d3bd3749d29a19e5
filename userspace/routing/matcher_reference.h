// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "userspace/routing/matcher_subject.h"
#include "userspace/routing/route_table.h"

namespace sluice::routing {

/// The rules as Istio describes them, one condition after the other: slow and obviously correct.
/// What the tables of Matcher leave open is decided here, and tests compare both. Immutable.
///
/// An alternative is one element of Rule::matches; they are numbered over all rules. A rule
/// without any has one that has no condition.
class ReferenceMatcher {
 public:
  /// kInvalid when a regular expression does not compile; validation has refused those before.
  static Result<ReferenceMatcher> compile(std::span<const Rule> rules);
  ReferenceMatcher(ReferenceMatcher&&) noexcept;
  ReferenceMatcher& operator=(ReferenceMatcher&&) noexcept;
  ~ReferenceMatcher();

  /// Index of the first rule of which an alternative, number `from` or a later one, holds.
  std::optional<size_t> firstMatch(const Subject& subject, size_t from = 0) const;

  bool holds(size_t alternative, const Subject& subject) const;

  /// Why rule `index` does not match: the first condition of its nearest alternative that fails,
  /// as "headers[user-group]"; empty when it matches.
  std::string firstFailure(size_t index, const Subject& subject) const;

 private:
  struct Alternative;
  explicit ReferenceMatcher(std::vector<Alternative> alternatives);

  std::vector<Alternative> alternatives_;
};

}  // namespace sluice::routing
