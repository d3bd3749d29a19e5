// SPDX-License-Identifier: Apache-2.0
// Files that ask for more than their size: each is refused at a place, with the limit that it
// exceeds, before it costs anything.
#include <gmock/gmock.h>

#include "tests/unit/source/decoded.h"
#include "userspace/source/codes.h"
#include "userspace/source/limits.h"

namespace sluice::source {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

/// `count` times `item` as a list; each "#" in it stands for the number.
std::string list(size_t count, const std::string& item) {
  std::string text = "[";
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) text += ", ";
    for (const char c : item) text += c == '#' ? std::to_string(i) : std::string(1, c);
  }
  return text + "]";
}

/// The only finding of `text`.
Diagnostic onlyFinding(const std::string& text) {
  const auto findings = findingsIn(text);
  EXPECT_EQ(findings.size(), 1U) << summary(text).substr(0, 1000);
  return findings.empty() ? Diagnostic() : findings.front();
}

void expectLimit(const std::string& text, const std::string& field, const std::string& message) {
  const auto finding = onlyFinding(text);
  EXPECT_EQ(finding.code, code::kLimit) << finding.message;
  EXPECT_EQ(finding.field, field);
  EXPECT_THAT(finding.message, HasSubstr(message));
  EXPECT_GT(finding.position.line, 0);
}

const std::string kRoute = "{route: [{destination: {host: a}}]}";

TEST(Hostile, AliasesThatRepeatARule) {
  const auto text = virtualService("{hosts: [a], http: [&r " + kRoute + ", " +
                                   list(100'000, "*r").substr(1) + "}");
  expectLimit(text, "", "more than 500000 values");
}

TEST(Hostile, AliasesOfManyDocuments) {
  const std::string document = "---\nx: [&a " + list(100, "1") + ", &b " + list(100, "*a") + ", " +
                               list(10, "*b").substr(1) + "\n";
  std::string text;
  for (int i = 0; i < 10; ++i) text += document;
  expectLimit(text, "", "more than 500000 values");
}

TEST(Hostile, AliasesOfALongText) {
  const auto aliases = [](size_t count) {
    return "x: [&a " + std::string(100'000, 'a') + ", " + list(count, "*a").substr(1) + "\n";
  };
  EXPECT_EQ(onlyFinding(aliases(6)).code, code::kWrongType);
  expectLimit(aliases(10), "", "aliases make the file more than 8 times as large");
}

TEST(Hostile, AliasesOfAliases) {
  const std::string text = "x: [&a " + list(20, std::string(1000, 'a')) + ", &b " + list(20, "*a") +
                           ", &c " + list(20, "*b") + "]\n";
  expectLimit(text, "", "aliases make the file more than 8 times as large");
}

TEST(Hostile, ConnectionRulesTimesHosts) {
  const auto rules = [](const std::string& rule) {
    return virtualService("{hosts: " + list(500, "h#") + ", " + rule + "}");
  };
  const auto destinations = list(500, "{destination: {host: a}, weight: 1}");
  expectLimit(rules("tcp: [{route: " + destinations + "}]"), "spec.hosts", "more than 200000");
  expectLimit(rules("tls: [{match: [{sniHosts: [h1]}], route: " + destinations + "}]"),
              "spec.hosts", "more than 200000");
}

TEST(Hostile, EndpointsTimesPortsOfASlice) {
  const auto slice = [](size_t ports, size_t endpoints) {
    return "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: a}, "
           "addressType: IPv4, ports: " +
           list(ports, "{name: p#, port: 80}") +
           ", endpoints: " + list(endpoints, "{addresses: [10.0.0.1]}") + "}";
  };
  EXPECT_EQ(summary(slice(128, 1024)), "");
  expectLimit(slice(129, 1024), "endpoints", "more than 131072");
}

TEST(Hostile, AddressesTimesPortsOfEndpoints) {
  const auto addresses = list(300, "{ip: 10.0.0.1}");
  expectLimit("{apiVersion: v1, kind: Endpoints, metadata: {name: a}, subsets: [{addresses: " +
                  addresses + ", notReadyAddresses: " + addresses +
                  ", ports: " + list(300, "{name: p#, port: 80}") + "}]}",
              "subsets[0]", "more than 131072");
}

TEST(Hostile, RulesTimesHosts) {
  const auto rules = [](size_t hosts, size_t count) {
    return virtualService("{hosts: " + list(hosts, "h#") + ", http: " + list(count, kRoute) + "}");
  };
  // Of one host, all rules behind the first are unreachable: warnings, no errors.
  EXPECT_THAT(summary(rules(1000, 1)), "");
  expectLimit(rules(100'001, 1), "spec.hosts", "more than 200000");
}

TEST(Hostile, EndpointsTimesHostsTimesPorts) {
  const auto entry = [](size_t hosts, size_t ports, size_t endpoints) {
    return "{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: e}, spec: "
           "{resolution: STATIC, hosts: " +
           list(hosts, "h#.com") +
           ", ports: " + list(ports, "{number: 1#, name: p#, protocol: HTTP}") +
           ", endpoints: " + list(endpoints, "{address: 10.0.0.1}") + "}}";
  };
  EXPECT_EQ(summary(entry(1, 32, 4096)), "");
  expectLimit(entry(2, 33, 4096), "spec.hosts", "more than 131072");
}

TEST(Hostile, NumbersThatDoNotFit) {
  for (const std::string number : {"4294967296", "-1", "1e999", ".nan", ".inf", "-0.5", "0x10",
                                   "1_0", "99999999999999999999", "'1'", "true", "[1]"}) {
    const auto rule =
        "{hosts: [a], http: [{route: [{destination: {host: a}, weight: " + number + "}]}]}";
    EXPECT_EQ(onlyFinding(virtualService(rule)).field, "spec.http[0].route[0].weight") << number;
  }
}

TEST(Hostile, DurationsThatDoNotFit) {
  for (const std::string duration : {"99999999999999999999h", "2562048h", "9223372037s", "1e9s",
                                     "-1s", "1", "s", "''", "1h 1s"}) {
    const auto rule =
        "{hosts: [a], http: [{timeout: " + duration + ", route: [{destination: {host: a}}]}]}";
    EXPECT_EQ(onlyFinding(virtualService(rule)).field, "spec.http[0].timeout") << duration;
  }
}

TEST(Hostile, NamesOfAMegabyte) {
  const std::string longest(1'000'000, 'a');
  const auto finding =
      onlyFinding(virtualService("{hosts: [" + longest + "], http: [" + kRoute + "]}"));
  EXPECT_EQ(finding.field, "spec.hosts[0]");
  EXPECT_LT(finding.message.size(), 1000U);
}

TEST(Hostile, MistakesInEveryLine) {
  std::string text =
      "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a}\nspec:\n";
  for (int i = 0; i < 50'000; ++i) text += "  f" + std::to_string(i) + ": 1\n";
  const auto findings = findingsIn(text);
  EXPECT_THAT(findings, SizeIs(kMaxDiagnostics + 1));
  EXPECT_THAT(findings.back().message, HasSubstr("further findings"));
}

}  // namespace
}  // namespace sluice::source
