// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/matcher.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "userspace/routing/normalize_path.h"
#include "userspace/routing/text_match.h"

namespace sluice::routing {
namespace {

/// A request with what several conditions need of it, worked out once.
class Subject {
 public:
  explicit Subject(const RequestView& request)
      : request_(request), path_(normalizePath(request.target, storage_)) {}
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  const RequestView& request() const { return request_; }
  std::string_view path() const { return path_; }

  /// Calls `visit` with each value of the header `name` (in lower case) until it returns true;
  /// answers whether one did. Istio: pseudo headers can be asked for, `host` is `:authority`.
  template <typename Visit>
  bool anyHeader(std::string_view name, const Visit& visit) const {
    if (name.starts_with(':') || name == "host") return visitPseudo(name, visit);
    for (const auto& header : request_.headers)
      if (equalsIgnoringCase(header.name, name) && visit(header.value)) return true;
    return false;
  }

  /// The value of the first parameter `name`, as sent; empty for "?flag".
  std::optional<std::string_view> query(std::string_view name) const {
    auto rest = queryOf(request_.target);
    while (!rest.empty()) {
      const auto parameter = rest.substr(0, rest.find('&'));
      rest.remove_prefix(std::min(parameter.size() + 1, rest.size()));
      const auto equals = std::min(parameter.find('='), parameter.size());
      if (parameter.substr(0, equals) == name)
        return parameter.substr(std::min(equals + 1, parameter.size()));
    }
    return std::nullopt;
  }

 private:
  template <typename Visit>
  bool visitPseudo(std::string_view name, const Visit& visit) const {
    if (name == ":method") return visit(request_.method);
    if (name == ":scheme") return visit(request_.scheme);
    if (name == ":authority" || name == "host") return visit(request_.authority);
    if (name == ":path") return visit(pathAndQuery());
    return false;
  }

  std::string_view pathAndQuery() const {
    if (!whole_path_.empty()) return whole_path_;
    const auto query = queryOf(request_.target);
    whole_path_ = std::string(path_);
    const bool has_mark = request_.target.find('?') != std::string_view::npos;
    if (has_mark) whole_path_.append("?").append(query);
    return whole_path_;
  }

  const RequestView& request_;
  std::string storage_;
  std::string_view path_;
  mutable std::string whole_path_;
};

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
      const auto value = subject.query(name);
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

struct Matcher::CompiledRule {
  std::vector<Conditions> alternatives;  ///< any of them; none: everything

  bool holds(const Subject& subject) const {
    if (alternatives.empty()) return true;
    for (const auto& conditions : alternatives)
      if (firstUnmet(conditions, subject) == conditions.size()) return true;
    return false;
  }
};

Matcher::Matcher(std::vector<CompiledRule> rules) : rules_(std::move(rules)) {}
Matcher::~Matcher() = default;

Result<std::shared_ptr<const Matcher>> Matcher::compile(std::span<const Rule> rules) {
  std::vector<CompiledRule> compiled(rules.size());
  for (size_t i = 0; i < rules.size(); ++i)
    for (const auto& match : rules[i].matches) {
      auto conditions = compileMatch(match);
      if (!conditions.ok()) return std::move(conditions).error();
      compiled[i].alternatives.push_back(*std::move(conditions));
    }
  return std::shared_ptr<const Matcher>(new Matcher(std::move(compiled)));
}

std::optional<size_t> Matcher::firstMatch(const RequestView& request) const {
  const Subject subject(request);
  for (size_t i = 0; i < rules_.size(); ++i)
    if (rules_[i].holds(subject)) return i;
  return std::nullopt;
}

std::string Matcher::firstFailure(size_t index, const RequestView& request) const {
  const Subject subject(request);
  const auto& rule = rules_[index];
  if (rule.holds(subject)) return {};
  const Condition* nearest = nullptr;
  size_t most_held = 0;
  for (const auto& conditions : rule.alternatives) {
    const auto held = firstUnmet(conditions, subject);
    if (nearest && held <= most_held) continue;
    nearest = &conditions[held];
    most_held = held;
  }
  return nearest ? nearest->field() : std::string{};
}

}  // namespace sluice::routing
