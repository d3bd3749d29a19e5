// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/header_edits.h"

#include <algorithm>

#include "userspace/proxy/http1/chars.h"

namespace sluice::proxy {

namespace {

bool isHost(std::string_view name) {
  return name == ":authority" || http1::sameIgnoringCase(name, "host");
}

/// What says where a message ends and what becomes of the connection is not a rule's to change.
bool isFraming(std::string_view name) {
  constexpr std::string_view kFraming[] = {
      "connection", "content-length", "keep-alive",        "proxy-connection",
      "te",         "trailer",        "transfer-encoding", "upgrade"};
  return std::ranges::any_of(
      kFraming, [&](std::string_view field) { return http1::equalsIgnoringCase(name, field); });
}

/// Pseudo header fields have no line of their own. Validation refuses other names and values than
/// these; whatever it lets through, no rule splits a head.
bool isField(std::string_view name) {
  return !isHost(name) && !isFraming(name) && http1::allAre(http1::kToken, name);
}
bool isValue(std::string_view value) { return http1::allAre(http1::kFieldByte, value); }

}  // namespace

void HeaderEdits::append(const HeaderOperations& operations) {
  remove(operations);
  setAndAdd(operations);
}

void HeaderEdits::appendJoined(const HeaderOperations& rule, const HeaderOperations& destination) {
  remove(rule);
  remove(destination);
  setAndAdd(rule);
  setAndAdd(destination);
}

void HeaderEdits::remove(const HeaderOperations& operations) {
  for (const auto& name : operations.remove)
    if (isField(name)) steps_.push_back({Kind::kRemove, name});
}

void HeaderEdits::setAndAdd(const HeaderOperations& operations) {
  for (const auto& [name, value] : operations.set) put(Kind::kSet, name, value);
  for (const auto& [name, value] : operations.add) put(Kind::kAdd, name, value);
}

void HeaderEdits::put(Kind kind, const std::string& name, const std::string& value) {
  if (!isField(name) || !isValue(value)) return;
  steps_.push_back({kind, name, HeaderFormat(value)});
  needs_request_ |= steps_.back().value.needsRequest();
}

void HeaderEdits::apply(HeadDraft& draft, FormatInput input) const {
  input.draft = &draft;
  for (const auto& step : steps_) {
    if (step.kind == Kind::kRemove) {
      draft.remove(step.name);
      continue;
    }
    std::string& value = draft.text();
    step.value.append(input, value);
    if (value.empty()) continue;
    step.kind == Kind::kSet ? draft.set(step.name, value) : draft.add(step.name, value);
  }
}

std::string HeaderEdits::hostOf(const HeaderOperations& request) {
  for (const auto* values : {&request.set, &request.add})
    for (const auto& [name, value] : *values)
      if (isHost(name)) return value;
  return {};
}

}  // namespace sluice::proxy
