// SPDX-License-Identifier: Apache-2.0
#include "userspace/analysis/suppression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/analysis/analyzed.h"

namespace sluice::analysis {
namespace {

bool suppresses(const std::string& text, const std::string& code, const std::string& resource) {
  Diagnostic diagnostic;
  diagnostic.code = code;
  diagnostic.resource = resource;
  return Suppression::parse(text)->covers(diagnostic);
}

TEST(Suppression, NamesResourcesInSeveralWays) {
  const std::string rule = "VirtualService/shop/catalog";
  for (const char* text :
       {"IST0109=VirtualService catalog.shop", "IST0109=VirtualService shop/catalog",
        "IST0109=VirtualService/shop/catalog", "IST0109=VirtualService *.shop", "IST0109=*",
        "*=VirtualService cat*.shop"}) {
    EXPECT_TRUE(suppresses(text, "IST0109", rule)) << text;
  }
  for (const char* text :
       {"IST0108=*", "IST0109=VirtualService catalog.other", "IST0109=DestinationRule catalog.shop",
        "IST0109=VirtualService catalog"}) {
    EXPECT_FALSE(suppresses(text, "IST0109", rule)) << text;
  }
  EXPECT_TRUE(suppresses("SLU1007=Namespace shop", "SLU1007", "Namespace/shop"));
}

TEST(Suppression, RefusesWhatIsNone) {
  for (const char* text : {"", "IST0109", "=x", "IST0109="}) {
    EXPECT_FALSE(Suppression::parse(text).ok()) << text;
  }
}

TEST(Suppression, PatternsMatchAnyText) {
  EXPECT_TRUE(matchesPattern("a*c*e", "abcde"));
  EXPECT_TRUE(matchesPattern("*", ""));
  EXPECT_FALSE(matchesPattern("a*b", "abc"));
  EXPECT_FALSE(matchesPattern("", "a"));
  EXPECT_FALSE(matchesPattern(std::string(50, '*') + "b", std::string(5000, 'a')));
}

const std::string kMatch =
    "http: [{match: [{uri: {prefix: /a}}], route: [{destination: {host: b}}]}]";

TEST(Suppression, LeavesOutAndCounts) {
  FileOptions options;
  options.suppressions.push_back(*Suppression::parse("IST0101=VirtualService v.shop"));
  const auto yaml = service("a") + virtualService("v", "hosts: [a], " + kMatch);
  const auto analysis = analyzed(yaml, options);
  EXPECT_EQ(analysis.suppressed, 1U);
  EXPECT_THAT(findings(yaml, "IST", options), testing::IsEmpty());
}

TEST(Suppression, ByAnnotation) {
  const auto of = [](const std::string& value) {
    return findings(service("a") +
                    virtualService("v", "hosts: [a], " + kMatch, "shop",
                                   "galley.istio.io/analyze-suppress: '" + value + "'"));
  };
  EXPECT_THAT(of("*"), testing::IsEmpty());
  EXPECT_THAT(of("IST0101, SLU2006"),
              testing::Not(testing::Contains(testing::HasSubstr("IST0101"))));
  EXPECT_THAT(of("SLU2006"), testing::Contains(testing::HasSubstr("IST0101")));
}

TEST(Suppression, ByAnnotationOfARefusedResource) {
  EXPECT_THAT(findings(virtualService("v", "hosts: [a], http: [{}]", "shop",
                                      "galley.istio.io/analyze-suppress: IST0106"),
                       "IST0106"),
              testing::IsEmpty());
}

}  // namespace
}  // namespace sluice::analysis
