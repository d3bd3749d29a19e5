// SPDX-License-Identifier: Apache-2.0
// Conditions of a rule of spec.http.
#include "tests/unit/source/validate_cases.h"

namespace sluice::source {
namespace {

std::string match(const std::string& condition) { return ruleWith("match: [" + condition + "]"); }

std::string at(const char* field) { return std::string("spec.http[0].match[0].") + field; }

TEST(ValidateHttpMatch, Patterns) {
  check(std::vector<Refused>{
      {"two kinds", match("{uri: {exact: /a, prefix: /b}}"), at("uri")},
      {"empty prefix of uri", match("{uri: {prefix: ''}}")},
      {"empty prefix of method", match("{method: {prefix: ''}}"), at("method")},
      {"empty prefix of scheme", match("{scheme: {prefix: ''}}"), at("scheme")},
      {"empty prefix of authority", match("{authority: {prefix: ''}}"), at("authority")},
      {"empty prefix of a header", match("{headers: {x: {prefix: ''}}}"), at("headers")},
      {"empty prefix of a parameter", match("{queryParams: {x: {prefix: ''}}}"), at("queryParams")},
      {"empty exact", match("{authority: {exact: ''}}")},
      {"empty regex of uri", match("{uri: {regex: ''}}"), at("uri")},
      {"empty regex of method", match("{method: {regex: ''}}"), at("method")},
      {"empty regex of scheme", match("{scheme: {regex: ''}}"), at("scheme")},
      {"empty regex of a parameter", match("{queryParams: {x: {regex: ''}}}"), at("queryParams")},
      {"longest regex", match("{uri: {regex: " + std::string(1024, 'a') + "}}")},
      {"long regex", match("{uri: {regex: " + std::string(1025, 'a') + "}}"), at("uri")},
      {"back reference", match("{headers: {x: {regex: '(a)\\1'}}}"), at("headers")},
      {"look ahead", match("{uri: {regex: 'a(?=b)'}}"), at("uri")},
      {"flags", match("{uri: {regex: '(?i)a'}}")},
      {"bad regex", match("{headers: {x: {regex: '['}}}"), at("headers")},
      {"presence", match("{headers: {x: {}}, queryParams: {y: {}}, withoutHeaders: {z: {}}}")},
      {"null", match("{headers: {x: null}}"), at("headers")},
  });
}

TEST(ValidateHttpMatch, ExpressionsOfAFileHaveALimitTogether) {
  // Each is refused after some hundred thousand instructions.
  std::string documents;
  for (int i = 0; i < 100; ++i) {
    documents +=
        "---\n" + match("{uri: {regex: '(?i)\\pL{" + std::to_string(900 + i) + "}'}}") + "\n";
  }
  const auto findings = findingsIn(documents);
  ASSERT_EQ(findings.size(), 100U);
  EXPECT_EQ(findings.front().code, "IST0106");
  EXPECT_EQ(findings.back().code, "SLU1006");
}

TEST(ValidateHttpMatch, StarIsPresenceWithoutHeadersOnly) {
  check(std::vector<Refused>{
      {"header", match("{headers: {x: {regex: '*'}}}"), at("headers")},
      {"without header", match("{withoutHeaders: {x: {regex: '*'}}}")},
      {"without header, no regex", match("{withoutHeaders: {x: {regex: '**'}}}"),
       at("withoutHeaders")},
  });
}

TEST(ValidateHttpMatch, HeaderNames) {
  const auto header = [](const std::string& name) {
    return match("{headers: {'" + name + "': {exact: x}}}");
  };
  check(std::vector<Refused>{
      {"name", header("X-Requested-With")},
      {"every character of a token", match("{headers: {\"!#$%&'*+-.^_`|~a\": {exact: x}}}")},
      {"method", header(":method")},
      {"status", header(":status")},
      {"other pseudo header", header(":foo"), at("headers")},
      {"colons", header("::"), at("headers")},
      {"empty", header(""), at("headers")},
      {"quote", header("illegal\"char"), at("headers")},
      {"space", header("a b"), at("headers")},
      {"space in withoutHeaders", match("{withoutHeaders: {'a b': {exact: x}}}"),
       at("withoutHeaders")},
  });
}

TEST(ValidateHttpMatch, ClaimsAreForGateways) {
  const auto claim = [](const std::string& gateways, const std::string& name) {
    return virtualService("{hosts: [foo.bar], gateways: " + gateways +
                          ", http: [{match: [{headers: {'" + name +
                          "': {exact: x}}}], route: [{destination: {host: a}}]}]}");
  };
  check(std::vector<Refused>{
      {"gateway", claim("[ns/gw]", "@request.auth.claims.sub")},
      {"nested", claim("[ns/gw]", "@request.auth.claims[realm][roles]")},
      {"letter case", claim("[ns/gw]", "@Request.Auth.Claims.sub")},
      {"no claim", claim("[ns/gw]", "@request.auth.claims"), at("headers")},
      {"nothing inside", claim("[ns/gw]", "@request.auth.claims[]"), at("headers")},
      {"mesh", claim("[mesh]", "@request.auth.claims.sub"), at("headers")},
      {"both", claim("[ns/gw, mesh]", "@request.auth.claims.sub"), at("headers")},
      {"no gateways", claim("[]", "@request.auth.claims.sub"), at("headers")},
      {"withoutHeaders", match("{withoutHeaders: {'@request.auth.claims.a': {exact: x}}}"),
       at("withoutHeaders")},
  });
}

TEST(ValidateHttpMatch, Clients) {
  check(std::vector<Refused>{
      {"port", match("{port: 65535}")},
      {"port 0 is no port", match("{port: 0}")},
      {"large port", match("{port: 65536}"), at("port")},
      {"labels", match("{sourceLabels: {app.kubernetes.io/name: web, a: ''}}")},
      {"label", match("{sourceLabels: {app: 'a b'}}"), at("sourceLabels")},
      {"label's name", match("{sourceLabels: {'/app': a}}"), at("sourceLabels")},
      {"long label, as Istio has it", match("{sourceLabels: {app: " + std::string(64, 'a') + "}}")},
      {"label's long name", match("{sourceLabels: {" + std::string(64, 'a') + ": app}}"),
       at("sourceLabels")},
      {"namespace", match("{sourceNamespace: test}")},
      {"bad namespace", match("{sourceNamespace: a_b}"), at("sourceNamespace")},
      {"gateway", match("{gateways: [ns/gw, mesh]}")},
      {"bad gateway", match("{gateways: [a_b]}"), at("gateways[0]")},
  });
}

TEST(ValidateHttpMatch, PointsAtTheHeaderItself) {
  const auto findings = findingsIn(R"(apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a}
spec:
  hosts: [a]
  http:
  - match:
    - headers:
        fine: {exact: x}
        broken: {regex: "["}
    route: [{destination: {host: a}}]
)");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].position.text(), "t.yaml:10:9");
}

}  // namespace
}  // namespace sluice::source
