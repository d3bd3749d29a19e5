// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/matcher.h"

#include <array>
#include <utility>

#include "userspace/routing/match/native.h"
#include "userspace/routing/match/table.h"
#include "userspace/routing/matcher_alternatives.h"
#include "userspace/routing/matcher_reference.h"
#include "userspace/routing/matcher_subject.h"

namespace sluice::routing {
namespace {

using match::textOf;

/// The last part is worked out only where a rule asks for it: it has to be put together.
std::array<match_text, MATCH_LINE_PARTS> partsOf(const Subject& subject, bool needs_whole_path) {
  const auto& request = subject.request();
  std::array<match_text, MATCH_LINE_PARTS> parts{};
  parts[MATCH_PATH] = textOf(subject.path());
  parts[MATCH_METHOD] = textOf(request.method);
  parts[MATCH_SCHEME] = textOf(request.scheme);
  parts[MATCH_AUTHORITY] = textOf(request.authority);
  if (needs_whole_path) parts[MATCH_PATH_AND_QUERY] = textOf(subject.pathAndQuery());
  return parts;
}

/// Fields of the request line are in the order of their source.
bool asksForWholePath(const match_table& table) {
  const auto fields = match_load(&table, MATCH_HEAD_LINE_FIELDS).range;
  if (fields.count == 0) return false;
  const auto last = fields.first + (fields.count - 1) * MATCH_FIELD_CELLS;
  return match_load(&table, last + 2).place.source == MATCH_PATH_AND_QUERY;
}

void walkOver(const match_table& table, const Subject& subject, match_walk& walk) {
  match_begin(&walk);
  match_line(&table, &walk, partsOf(subject, asksForWholePath(table)).data());
  if (match_load(&table, MATCH_HEAD_HEADER_NAMES).automaton.start != 0) {
    for (const auto& header : subject.request().headers) {
      const auto name = textOf(header.name);
      const auto value = textOf(header.value);
      match_header(&table, &walk, &name, &value);
    }
  }
  const auto query = textOf(subject.query());
  match_query(&table, &walk, &query);
  match_end(&table, &walk);
}

}  // namespace

Matcher::Matcher(std::unique_ptr<const ReferenceMatcher> reference, std::vector<match_cell> table)
    : reference_(std::move(reference)), table_(std::move(table)) {}
Matcher::~Matcher() = default;

Result<std::shared_ptr<const Matcher>> Matcher::compile(std::span<const Rule> rules) {
  auto reference = ReferenceMatcher::compile(rules);
  if (!reference.ok()) return std::move(reference).error();
  return std::shared_ptr<const Matcher>(
      new Matcher(std::make_unique<const ReferenceMatcher>(*std::move(reference)),
                  match::compileTable(alternativesOf(rules))));
}

std::optional<size_t> Matcher::firstMatch(const RequestView& request) const {
  constexpr uint32_t kAllThatFollow = MATCH_MAX_ALTERNATIVES - 1;
  const match_table table{table_.data()};
  const Subject subject(request);
  match_walk walk;
  walkOver(table, subject, walk);
  const auto alternatives = match_load(&table, MATCH_HEAD_ALTERNATIVES).range;
  auto found = match_first(&table, &walk, 0);
  for (; found < alternatives.count; found = match_first(&table, &walk, found + 1)) {
    if (found == kAllThatFollow) return reference_->firstMatch(subject, found);
    if (match_is_certain(&table, &walk, found) || reference_->holds(found, subject))
      return match_load(&table, alternatives.first + found).alternative.rule;
  }
  return found == MATCH_UNDECIDED ? reference_->firstMatch(subject) : std::nullopt;
}

std::string Matcher::firstFailure(size_t index, const RequestView& request) const {
  return reference_->firstFailure(index, Subject(request));
}

}  // namespace sluice::routing
