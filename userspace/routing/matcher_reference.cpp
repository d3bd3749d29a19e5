// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/matcher_reference.h"

#include <map>
#include <utility>

namespace sluice::routing {
namespace {

/// One condition on one part of a request.
struct Condition {
  enum class Part { kUri, kScheme, kMethod, kAuthority, kHeader, kWithoutHeader, kQuery };
  Part part;
  std::string name;  ///< of the header or parameter
  TextMatch match;

  bool holds(const Subject& subject) const;
  std::string field() const;
};

bool headerHolds(const Condition& condition, const Subject& subject) {
  return subject.anyHeader(condition.name,
                           [&](std::string_view value) { return condition.match.holds(value); });
}

/// Istio: an absent header is compared as an empty one; `{}` asks that it be absent.
bool withoutHeaderHolds(const Condition& condition, const Subject& subject) {
  bool present = false;
  const bool matched = subject.anyHeader(condition.name, [&](std::string_view value) {
    present = true;
    return condition.match.holds(value);
  });
  if (present || condition.match.isPresence()) return !matched;
  return !condition.match.holds("");
}

bool Condition::holds(const Subject& subject) const {
  const auto& request = subject.request();
  switch (part) {
    case Part::kUri:
      return match.holds(subject.path());
    case Part::kScheme:
      return match.holds(request.scheme);
    case Part::kMethod:
      return match.holds(request.method);
    case Part::kAuthority:
      return match.holds(request.authority);
    case Part::kHeader:
      return headerHolds(*this, subject);
    case Part::kWithoutHeader:
      return withoutHeaderHolds(*this, subject);
    case Part::kQuery: {
      const auto value = subject.parameter(name);
      return value && match.holds(*value);
    }
  }
  return false;
}

std::string Condition::field() const {
  switch (part) {
    case Part::kUri:
      return "uri";
    case Part::kScheme:
      return "scheme";
    case Part::kMethod:
      return "method";
    case Part::kAuthority:
      return "authority";
    case Part::kHeader:
      return "headers[" + name + "]";
    case Part::kWithoutHeader:
      return "withoutHeaders[" + name + "]";
    case Part::kQuery:
      return "queryParams[" + name + "]";
  }
  return "";
}

using Conditions = std::vector<Condition>;  ///< all of them

/// Index of the first condition that does not hold; their number when all do.
size_t firstUnmet(const Conditions& conditions, const Subject& subject) {
  size_t i = 0;
  while (i < conditions.size() && conditions[i].holds(subject)) ++i;
  return i;
}

Result<void> add(Conditions& conditions, Condition::Part part, const std::string& name,
                 const StringMatch& match, bool ignore_case = false) {
  auto text = TextMatch::compile(match, ignore_case);
  if (!text.ok()) return std::move(text).error();
  conditions.push_back({part, name, *std::move(text)});
  return {};
}

Result<void> addEach(Conditions& conditions, Condition::Part part,
                     const std::map<std::string, StringMatch>& matches) {
  for (const auto& [name, match] : matches) SLUICE_TRY(add(conditions, part, name, match));
  return {};
}

/// Cheap and telling conditions first: what fails early is not paid for.
Result<Conditions> compileMatch(const RequestMatch& match) {
  using Part = Condition::Part;
  Conditions all;
  if (match.method) SLUICE_TRY(add(all, Part::kMethod, "", *match.method));
  if (match.uri) SLUICE_TRY(add(all, Part::kUri, "", *match.uri, match.ignore_uri_case));
  if (match.scheme) SLUICE_TRY(add(all, Part::kScheme, "", *match.scheme));
  if (match.authority) SLUICE_TRY(add(all, Part::kAuthority, "", *match.authority));
  SLUICE_TRY(addEach(all, Part::kHeader, match.headers));
  SLUICE_TRY(addEach(all, Part::kWithoutHeader, match.without_headers));
  SLUICE_TRY(addEach(all, Part::kQuery, match.query_params));
  return all;
}

}  // namespace

struct ReferenceMatcher::Alternative {
  size_t rule;
  Conditions conditions;
};

ReferenceMatcher::ReferenceMatcher(std::vector<Alternative> alternatives)
    : alternatives_(std::move(alternatives)) {}
ReferenceMatcher::ReferenceMatcher(ReferenceMatcher&&) noexcept = default;
ReferenceMatcher& ReferenceMatcher::operator=(ReferenceMatcher&&) noexcept = default;
ReferenceMatcher::~ReferenceMatcher() = default;

Result<ReferenceMatcher> ReferenceMatcher::compile(std::span<const Rule> rules) {
  std::vector<Alternative> alternatives;
  for (size_t i = 0; i < rules.size(); ++i) {
    if (rules[i].matches.empty()) alternatives.push_back({i, {}});
    for (const auto& match : rules[i].matches) {
      auto conditions = compileMatch(match);
      if (!conditions.ok()) return std::move(conditions).error();
      alternatives.push_back({i, *std::move(conditions)});
    }
  }
  return ReferenceMatcher(std::move(alternatives));
}

std::optional<size_t> ReferenceMatcher::firstMatch(const Subject& subject, size_t from) const {
  for (size_t i = from; i < alternatives_.size(); ++i)
    if (holds(i, subject)) return alternatives_[i].rule;
  return std::nullopt;
}

bool ReferenceMatcher::holds(size_t alternative, const Subject& subject) const {
  const auto& conditions = alternatives_[alternative].conditions;
  return firstUnmet(conditions, subject) == conditions.size();
}

std::string ReferenceMatcher::firstFailure(size_t index, const Subject& subject) const {
  const Condition* nearest = nullptr;
  size_t most_held = 0;
  for (const auto& [rule, conditions] : alternatives_) {
    if (rule != index) continue;
    const auto held = firstUnmet(conditions, subject);
    if (held == conditions.size()) return {};
    if (nearest && held <= most_held) continue;
    nearest = &conditions[held];
    most_held = held;
  }
  return nearest ? nearest->field() : std::string{};
}

}  // namespace sluice::routing
