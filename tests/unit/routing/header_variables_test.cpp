// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/header_variables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::routing {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// "text" as it is, variables as "<number of the kind: text?other:longest>".
std::vector<std::string> pieces(std::string_view value) {
  std::vector<std::string> result;
  for (const auto& piece : headerPieces(value)) {
    if (piece.kind == HeaderVariable::kText) {
      result.push_back(piece.text);
      continue;
    }
    auto text = piece.kind == HeaderVariable::kUnknown ? "unknown " + piece.text : piece.text;
    if (!piece.other.empty()) text += "?" + piece.other;
    if (piece.longest != std::string::npos) text += ":" + std::to_string(piece.longest);
    result.push_back("<" + text + ">");
  }
  return result;
}

HeaderVariable kindOf(std::string_view variable) {
  const auto found = headerPieces(variable);
  return found.size() == 1 ? found.front().kind : HeaderVariable::kText;
}

TEST(HeaderPieces, TextAndPercentSigns) {
  EXPECT_THAT(pieces(""), IsEmpty());
  EXPECT_THAT(pieces("plain"), ElementsAre("plain"));
  EXPECT_THAT(pieces("100%% %%a"), ElementsAre("100% %a"));
  EXPECT_THAT(pieces("%%REQ(a)%%"), ElementsAre("%REQ(a)%"));
}

TEST(HeaderPieces, FieldsWithTheirForms) {
  EXPECT_THAT(pieces("a%REQ(x)%b%RESP(y?z):3%"), ElementsAre("a", "<x>", "b", "<y?z:3>"));
  EXPECT_EQ(kindOf("%REQ(x)%"), HeaderVariable::kRequest);
  EXPECT_EQ(kindOf("%RESP(x)%"), HeaderVariable::kResponse);
}

TEST(HeaderPieces, TimesMayHoldPercentSigns) {
  EXPECT_THAT(pieces("%START_TIME%%START_TIME(%s.%3f)%!"), ElementsAre("<>", "<%s.%3f>", "!"));
  EXPECT_EQ(kindOf("%START_TIME(%Y)%"), HeaderVariable::kStartTime);
}

TEST(HeaderPieces, NamesAreThoseOfTheList) {
  EXPECT_EQ(kindOf("%HOSTNAME%"), HeaderVariable::kHostname);
  EXPECT_EQ(kindOf("%UPSTREAM_CLUSTER%"), HeaderVariable::kCluster);
  EXPECT_EQ(kindOf("%DOWNSTREAM_LOCAL_PORT%"), HeaderVariable::kCalledPort);
}

TEST(HeaderPieces, WhatIsNotKnownIsSaidToBe) {
  for (const char* variable : {"%NOTHING%", "%REQ%", "%REQ()%", "%REQ(x):y%", "%REQ(x)y%",
                               "%REQ:3%", "%PROTOCOL(x)%", "%PROTOCOL:3%", "%START_TIME:3%",
                               "% off %", "%hostname%", "%DYNAMIC_METADATA([\"a\", \"b\"])%"})
    EXPECT_THAT(pieces(variable), ElementsAre(std::string("<unknown ") + variable + ">"));
}

TEST(HeaderPieces, WhatNothingClosesIsText) {
  EXPECT_THAT(pieces("50% off"), ElementsAre("50% off"));
  EXPECT_THAT(pieces("a%REQ(x"), ElementsAre("a%REQ(x"));
  EXPECT_THAT(pieces("%REQ(%"), ElementsAre("%REQ(%"));
  EXPECT_THAT(pieces("%REQ(x)"), ElementsAre("%REQ(x)"));
}

}  // namespace
}  // namespace sluice::routing
