// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/rule_actions.h"

#include <gtest/gtest.h>

namespace sluice::proxy {
namespace {

/// The fields that a request gets of `rule` and a destination that both set x-a.
std::string changed(routing::Rule rule) {
  rule.headers.edit().request.set["x-a"] = "rule";
  Headers destination;
  destination.request.set["x-a"] = "destination";
  const auto edits = DestinationEdits::of(rule, destination);  // whose texts the draft borrows
  HeadDraft draft;
  edits->request.apply(draft, {});
  std::string text;
  draft.appendTo(text);
  return text;
}

TEST(DestinationEdits, ALoneDestinationWinsOverTheRule) {
  routing::Rule rule;
  rule.destinations.resize(1);
  EXPECT_EQ(changed(rule), "x-a: destination\r\n");
}

TEST(DestinationEdits, TheRuleWinsOverOneThatIsLeftOfSeveral) {
  routing::Rule rule;
  rule.destinations.resize(1);
  rule.several = true;
  EXPECT_EQ(changed(rule), "x-a: rule\r\n");
}

}  // namespace
}  // namespace sluice::proxy
