// SPDX-License-Identifier: Apache-2.0
// Rules that are never reached, and matches that add nothing.

#include <gmock/gmock.h>

#include "tests/unit/source/validate_cases.h"

namespace sluice::source {
namespace {

/// "IST0130 spec.http[1] ", one after the other.
std::string codesAndFields(const std::string& text) {
  std::string list;
  for (const auto& finding : findingsIn(text)) list += finding.code + " " + finding.field + " ";
  return list;
}

/// Rules of spec.http with these matches, "" for none.
std::string http(const std::vector<std::string>& rules) {
  std::string list;
  for (const std::string& match : rules) {
    list += (match.empty() ? "{" : "{match: [" + match + "], ") + kTo + "}, ";
  }
  return virtualService("{hosts: [a], http: [" + list + "]}");
}

std::string l4(const std::string& field, const std::vector<std::string>& rules) {
  std::string list;
  for (const std::string& match : rules) {
    list += (match.empty() ? "{" : "{match: [" + match + "], ") + kTo + "}, ";
  }
  return virtualService("{hosts: [a], " + field + ": [" + list + "]}");
}

TEST(ValidateReachability, NothingFollowsARuleWithoutMatch) {
  EXPECT_EQ(codesAndFields(http({"{uri: {exact: /a}}", ""})), "");
  EXPECT_EQ(codesAndFields(http({"", ""})), "IST0130 spec.http[1] ");
  EXPECT_EQ(codesAndFields(http({"", "", ""})), "IST0130 spec.http[1] IST0130 spec.http[2] ");
  EXPECT_EQ(codesAndFields(http({"", "{uri: {exact: /a}}, {uri: {exact: /b}}"})),
            "IST0130 spec.http[1] ");
  EXPECT_EQ(codesAndFields(l4("tcp", {"", ""})), "IST0130 spec.tcp[1] ");
}

TEST(ValidateReachability, EqualMatches) {
  const std::string a = "{uri: {exact: /a}}";
  const std::string b = "{uri: {exact: /b}}";
  EXPECT_EQ(codesAndFields(http({a, b})), "");
  EXPECT_EQ(codesAndFields(http({a, a})), "IST0131 spec.http[1].match[0] IST0130 spec.http[1] ");
  EXPECT_EQ(codesAndFields(http({a, a + ", " + b})), "IST0131 spec.http[1].match[0] ");
  EXPECT_EQ(codesAndFields(http({a + ", " + a})), "IST0131 spec.http[0].match[1] ");
  EXPECT_EQ(codesAndFields(http({"{name: x, uri: {exact: /a}}", a})),
            "IST0131 spec.http[1].match[0] IST0130 spec.http[1] ");
}

TEST(ValidateReachability, EveryConditionTellsMatchesApart) {
  const std::vector<std::string> conditions = {
      "uri: {exact: x}",
      "uri: {prefix: x}",
      "scheme: {exact: x}",
      "method: {exact: x}",
      "authority: {exact: x}",
      "headers: {x: {exact: x}}",
      "headers: {x: {}}",
      "headers: {w: {exact: x}}",
      "withoutHeaders: {x: {}}",
      "queryParams: {x: {}}",
      "ignoreUriCase: true",
      "port: 80",
      "port: 81",
      "sourceLabels: {x: x}",
      "sourceNamespace: x",
      "gateways: [mesh]",
      "gateways: [x/x]",
      "statPrefix: x",
  };
  std::vector<std::string> matches;
  for (const auto& condition : conditions) matches.push_back("{" + condition + "}");
  EXPECT_EQ(codesAndFields(http(matches)), "");
}

TEST(ValidateReachability, ConnectionsAsWell) {
  EXPECT_EQ(codesAndFields(l4("tcp", {"{port: 80}", "{port: 80}"})),
            "IST0131 spec.tcp[1].match[0] IST0130 spec.tcp[1] ");
  EXPECT_EQ(codesAndFields(l4("tcp", {"{port: 80}", "{port: 80}, {port: 81}"})),
            "IST0131 spec.tcp[1].match[0] ");
  EXPECT_EQ(codesAndFields(l4(
                "tcp", {"{port: 80}", "{port: 81}", "{destinationSubnets: [10.0.0.1]}",
                        "{sourceLabels: {a: b}}", "{sourceNamespace: a}", "{gateways: [mesh]}"})),
            "");
  EXPECT_EQ(codesAndFields(l4("tls", {"{sniHosts: [a]}", "{sniHosts: [a]}"})),
            "IST0131 spec.tls[1].match[0] IST0130 spec.tls[1] ");
  EXPECT_EQ(codesAndFields(l4("tls", {"{sniHosts: [a]}", "{sniHosts: [a], port: 1}",
                                      "{sniHosts: [a], sourceNamespace: b}",
                                      "{sniHosts: [a], sourceLabels: {a: b}}",
                                      "{sniHosts: [a], gateways: [mesh]}",
                                      "{sniHosts: [a], destinationSubnets: [10.0.0.1]}"})),
            "");
}

TEST(ValidateReachability, Levels) {
  const auto findings = findingsIn(http({"{port: 1}", "{port: 1}"}));
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].level, Diagnostic::Level::kInfo);
  EXPECT_EQ(findings[1].level, Diagnostic::Level::kWarning);
}

std::string prefix(const std::string& text, const std::string& more = "") {
  return "{uri: {prefix: " + text + "}" + (more.empty() ? "" : ", " + more) + "}";
}

/// Whether the second match is reported as covered by the first.
bool covers(const std::string& first, const std::string& second) {
  return codesAndFields(http({first + ", " + second})) == "IST0131 spec.http[0].match[1] ";
}

TEST(ValidateReachability, ShorterPrefixesCoverLongerOnes) {
  EXPECT_TRUE(covers(prefix("/a"), prefix("/ab")));
  EXPECT_TRUE(covers(prefix("/"), prefix("/a/b/c")));
  EXPECT_FALSE(covers(prefix("/ab"), prefix("/a")));
  EXPECT_FALSE(covers(prefix("/a"), prefix("/b")));
  EXPECT_FALSE(covers(prefix("/"), "{uri: {exact: /}, method: {exact: GET}}"));
  EXPECT_FALSE(covers("{uri: {exact: /}}", prefix("/a")));
  EXPECT_EQ(codesAndFields(http({prefix("/api"), prefix("/api/v1")})),
            "IST0131 spec.http[1].match[0] ");
}

TEST(ValidateReachability, OtherConditionsOfCoveredPrefixes) {
  const auto a = [](const std::string& more) { return prefix("/a", more); };
  const auto ab = [](const std::string& more) { return prefix("/ab", more); };
  EXPECT_TRUE(covers(a("port: 80"), ab("port: 80")));
  EXPECT_FALSE(covers(a("port: 80"), ab("port: 81")));
  EXPECT_FALSE(covers(a(""), ab("port: 81")));
  // Istio: no method is GET.
  EXPECT_TRUE(covers(a(""), ab("method: {exact: GET}")));
  EXPECT_FALSE(covers(a(""), ab("method: {exact: POST}")));
  EXPECT_TRUE(covers(a("method: {prefix: PO}"), ab("method: {prefix: P}")));
  EXPECT_FALSE(covers(a("method: {prefix: P}"), ab("method: {prefix: PO}")));
  EXPECT_FALSE(covers(a("method: {prefix: GET}"), ab("method: {exact: GET}")));
  EXPECT_TRUE(covers(a("authority: {exact: x}"), ab("")));
  EXPECT_FALSE(covers(a(""), ab("authority: {exact: x}")));
  EXPECT_TRUE(covers(a("headers: {x: {exact: q}}"), ab("headers: {x: {exact: q}}")));
  EXPECT_FALSE(covers(a("headers: {x: {exact: q}}"), ab("headers: {x: {exact: r}}")));
  EXPECT_FALSE(covers(a("headers: {x: {exact: q}}"), ab("headers: {w: {exact: q}}")));
  EXPECT_FALSE(covers(a(""), ab("headers: {x: {exact: q}}")));
  EXPECT_FALSE(covers(a("queryParams: {x: {exact: q}}"), ab("queryParams: {x: {exact: r}}")));
  EXPECT_FALSE(covers(a(""), ab("queryParams: {x: {}}")));
  EXPECT_FALSE(covers(a(""), ab("withoutHeaders: {x: {}}")));
  EXPECT_TRUE(covers(a("withoutHeaders: {x: {}}"), ab("withoutHeaders: {x: {}}")));
}

TEST(ValidateReachability, NamesTheFirstThatCovers) {
  const auto findings = findingsIn(http({prefix("/ab"), prefix("/a"), prefix("/abc")}));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].field, "spec.http[2].match[0]");
  EXPECT_THAT(findings[0].message, testing::HasSubstr("spec.http[0].match[0]"));
}

TEST(ValidateReachability, ThousandsOfPrefixesAreComparedInTime) {
  std::vector<std::string> disjoint;
  for (int i = 0; i < 5'000; ++i) disjoint.push_back(prefix("/p" + std::to_string(i) + "/"));
  EXPECT_EQ(codesAndFields(http(disjoint)), "");
  // Everyone below two thousand others of which none covers it.
  std::vector<std::string> nested;
  for (int i = 0; i < 2'000; ++i) {
    nested.push_back(prefix("/a", "headers: {x: {exact: a" + std::to_string(i) + "}}"));
    nested.push_back(prefix("/ab", "headers: {x: {exact: b" + std::to_string(i) + "}}"));
  }
  EXPECT_EQ(codesAndFields(http(nested)), "SLU1006 spec.http ");
}

}  // namespace
}  // namespace sluice::source
