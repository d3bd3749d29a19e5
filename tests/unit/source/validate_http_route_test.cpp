// SPDX-License-Identifier: Apache-2.0
// One rule of spec.http: what may stand beside what, redirects, rewrites, answers and mirrors.
#include "tests/unit/source/validate_cases.h"

namespace sluice::source {
namespace {

const std::string kRoute = "route: [{destination: {host: a}}]";
const std::string kRedirect = "redirect: {uri: /b}";
const std::string kAnswer = "directResponse: {status: 200}";
const char* const kRule = "spec.http[0]";

std::string both(const std::string& a, const std::string& b) {
  return withRule("{" + a + ", " + b + "}");
}

TEST(ValidateHttpRoute, ExactlyOneAction) {
  check(std::vector<Refused>{
      {"none", withRule("{name: x}"), kRule},
      {"no destination in the list", withRule("{route: []}"), kRule},
      {"route", withRule("{" + kRoute + "}")},
      {"redirect", withRule("{" + kRedirect + "}")},
      {"answer", withRule("{" + kAnswer + "}")},
      {"route and redirect", both(kRoute, kRedirect), kRule},
      {"route and answer", both(kRoute, kAnswer), kRule},
      {"redirect and answer", both(kRedirect, kAnswer), kRule},
  });
}

TEST(ValidateHttpRoute, WhatAnswersChangesNothingThatIsForwarded) {
  const std::string fault = "fault: {abort: {httpStatus: 500}}";
  const std::string rewrite = "rewrite: {uri: /c}";
  check(std::vector<Refused>{
      {"fault of a redirect", both(kRedirect, fault), "spec.http[0].fault"},
      {"fault of an answer", both(kAnswer, fault), "spec.http[0].fault"},
      {"rewrite of a redirect", both(kRedirect, rewrite), "spec.http[0].rewrite"},
      {"rewrite of an answer", both(kAnswer, rewrite), "spec.http[0].rewrite"},
      {"both are for routes", both(kRoute, fault + ", " + rewrite)},
  });
}

TEST(ValidateHttpRoute, Delegation) {
  const std::string delegate = "delegate: {name: other}";
  const auto leaf = [](const std::string& rule, const std::string& more = "") {
    return virtualService("{http: [" + rule + "]" + more + "}");
  };
  check(std::vector<Refused>{
      {"root", withRule("{" + delegate + "}")},
      {"root with conditions", both(delegate, "match: [{headers: {x: {regex: a.*}}}]")},
      {"root and route", both(delegate, kRoute), kRule},
      {"root and redirect", both(delegate, kRedirect), kRule},
      {"leaf", leaf("{" + kRoute + "}")},
      {"leaf for some namespace", leaf("{match: [{sourceNamespace: test}], " + kRoute + "}")},
      {"leaf without action", leaf("{}"), kRule},
      {"leaf that is a root", leaf("{" + delegate + "}"), "spec.http[0].delegate"},
      {"leaf with gateways", leaf("{" + kRoute + "}", ", gateways: [gw]"), "spec.gateways"},
      {"leaf with tcp", leaf("{" + kRoute + "}", ", tcp: [{" + kRoute + "}]"), "spec.tcp"},
  });
  const std::string tls = ", tls: [{match: [{sniHosts: ['1.2.3.4']}], " + kRoute + "}]";
  check(std::vector<Refused>{
      {"leaf with tls", leaf("{" + kRoute + "}", tls), "spec.tls"},
  });
}

TEST(ValidateHttpRoute, Redirects) {
  const auto redirect = [](const std::string& fields, const std::string& match = "") {
    return withRule("{" + match + "redirect: {" + fields + "}}");
  };
  const std::string at = "spec.http[0].redirect";
  check(std::vector<Refused>{
      {"nowhere", redirect(""), at},
      {"nowhere with a code", redirect("redirectCode: 302"), at},
      {"uri", redirect("uri: t")},
      {"authority", redirect("authority: t")},
      {"scheme", redirect("scheme: https")},
      {"port", redirect("port: 8080")},
      {"derived port", redirect("derivePort: FROM_REQUEST_PORT")},
      {"prefix", redirect("prefixRewrite: /bar")},
      {"prefix and authority", redirect("authority: foo.example.com, prefixRewrite: /")},
      {"prefix and uri", redirect("uri: /old, prefixRewrite: /new"), at},
      {"other scheme", redirect("scheme: ftp"), at + ".scheme"},
      {"code 299", redirect("uri: t, redirectCode: 299"), at + ".redirectCode"},
      {"code 400", redirect("uri: t, redirectCode: 400"), at + ".redirectCode"},
      {"code 304, which Envoy cannot do", redirect("uri: t, redirectCode: 304"),
       at + ".redirectCode"},
      {"code 300", redirect("uri: t, redirectCode: 300"), at + ".redirectCode"},
      {"code 302", redirect("uri: t, redirectCode: 302")},
      {"code 303", redirect("uri: t, redirectCode: 303")},
      {"code 307", redirect("uri: t, redirectCode: 307")},
      {"code 308", redirect("uri: t, redirectCode: 308")},
      {"code 0 is no code", redirect("uri: t, redirectCode: 0")},
      {"prefix of prefixes", redirect("prefixRewrite: /b", "match: [{uri: {prefix: /a}}], ")},
      {"prefix of anything", redirect("prefixRewrite: /b", "match: [{port: 80}], ")},
      {"prefix of exact",
       redirect("prefixRewrite: /b", "match: [{uri: {prefix: /a}}, {uri: {exact: /a}}], "),
       at + ".prefixRewrite"},
      {"prefix of regex", redirect("prefixRewrite: /b", "match: [{uri: {regex: /a}}], "),
       at + ".prefixRewrite"},
  });
}

TEST(ValidateHttpRoute, Rewrites) {
  const auto rewrite = [](const std::string& fields) {
    return ruleWith("rewrite: {" + fields + "}");
  };
  const std::string at = "spec.http[0].rewrite";
  check(std::vector<Refused>{
      {"nothing", rewrite(""), at},
      {"uri", rewrite("uri: /path")},
      {"authority", rewrite("authority: foobar.org")},
      {"uri and authority", rewrite("uri: /path, authority: foobar.org")},
      {"regex", rewrite("uriRegexRewrite: {match: '^/a/(.*)', rewrite: '/b/\\1'}")},
      {"regex and authority", rewrite("authority: b, uriRegexRewrite: {match: /a, rewrite: /b}")},
      {"regex and uri", rewrite("uri: /c, uriRegexRewrite: {match: /a, rewrite: /b}"), at},
      {"no match", rewrite("uriRegexRewrite: {rewrite: /b}"), at + ".uriRegexRewrite"},
      {"no replacement", rewrite("uriRegexRewrite: {match: /a}"), at + ".uriRegexRewrite"},
      {"bad regex", rewrite("uriRegexRewrite: {match: '(?P<a', rewrite: /b}"),
       at + ".uriRegexRewrite.match"},
      {"long regex",
       rewrite("uriRegexRewrite: {match: " + std::string(1025, 'a') + ", rewrite: /b}"),
       at + ".uriRegexRewrite.match"},
  });
}

TEST(ValidateHttpRoute, DirectResponses) {
  const auto answer = [](const std::string& fields) {
    return withRule("{directResponse: {" + fields + "}}");
  };
  const auto body = [&](size_t size) {
    return answer("status: 200, body: {string: '" + std::string(size, 'a') + "'}");
  };
  const std::string at = "spec.http[0].directResponse";
  check(std::vector<Refused>{
      {"status 199", answer("status: 199"), at + ".status"},
      {"status 200", answer("status: 200")},
      {"status 600", answer("status: 600")},
      {"status 601", answer("status: 601"), at + ".status"},
      {"empty body", answer("status: 200, body: {string: ''}")},
      {"1 MiB", body(size_t{1} << 20)},
      {"more", body((size_t{1} << 20) + 1), at + ".body"},
  });
  check(std::vector<Warned>{
      {"100 KiB", body(size_t{100} << 10)},
      {"more", body((size_t{100} << 10) + 1), at + ".body"},
  });
}

TEST(ValidateHttpRoute, Mirrors) {
  check(std::vector<Refused>{
      {"mirror", ruleWith("mirror: {host: b}, mirrorPercentage: {value: 1}")},
      {"host", ruleWith("mirror: {host: '*'}"), "spec.http[0].mirror.host"},
      {"mirrors", ruleWith("mirrors: [{destination: {host: b}}, {destination: {host: c}}]")},
      {"both", ruleWith("mirror: {host: b}, mirrors: [{destination: {host: c}}]"), kRule},
      {"both of a root",
       withRule("{delegate: {name: b}, mirror: {host: b}, mirrors: [{destination: {host: c}}]}")},
      {"host of one", ruleWith("mirrors: [{destination: {host: b}}, {destination: {host: 'b_'}}]"),
       "spec.http[0].mirrors[1].destination.host"},
      {"no destination", ruleWith("mirrors: [{percentage: {value: 1}}]"),
       "spec.http[0].mirrors[0].destination"},
      {"too much", ruleWith("mirror: {host: b}, mirrorPercentage: {value: 101}"),
       "spec.http[0].mirrorPercentage"},
      {"negative", ruleWith("mirror: {host: b}, mirrorPercentage: {value: -1}"),
       "spec.http[0].mirrorPercentage"},
      {"too much of one", ruleWith("mirrors: [{destination: {host: b}, percentage: {value: 101}}]"),
       "spec.http[0].mirrors[0].percentage"},
      {"old percentage", ruleWith("mirror: {host: b}, mirrorPercent: 101"),
       "spec.http[0].mirrorPercent"},
  });
  check(std::vector<Warned>{
      {"old percentage", ruleWith("mirror: {host: b}, mirrorPercent: 5"),
       "spec.http[0].mirrorPercent"},
  });
}

TEST(ValidateHttpRoute, DestinationsAndWeights) {
  const auto destination = [](const std::string& fields) {
    return withRule("{route: [{destination: " + fields + "}]}");
  };
  const auto weights = [](const std::string& a, const std::string& b) {
    return withRule("{route: [{destination: {host: a}, weight: " + a +
                    "}, {destination: {host: b}, weight: " + b + "}]}");
  };
  const std::string at = "spec.http[0].route[0].destination";
  check(std::vector<Refused>{
      {"none", withRule("{route: [{weight: 1}]}"), at},
      {"no host", destination("{subset: v1}"), at + ".host"},
      {"empty host", destination("{host: ''}"), at + ".host"},
      {"all hosts", destination("{host: '*'}"), at + ".host"},
      {"some hosts", destination("{host: '*.foo.com'}")},
      {"an address", destination("{host: 10.0.0.1}"), at + ".host"},
      {"full name", destination("{host: foo.bar.svc.cluster.local.}")},
      {"subset", destination("{host: a, subset: v_1}"), at + ".subset"},
      {"subset in upper case", destination("{host: a, subset: V1}")},
      {"port", destination("{host: a, port: {number: 80}}")},
      {"port 0", destination("{host: a, port: {number: 0}}"), at + ".port.number"},
      {"port too big", destination("{host: a, port: {number: 65536}}"), at + ".port.number"},
      {"weights", weights("9", "991")},
      {"one is zero", weights("0", "1")},
      {"all are zero", weights("0", "0"), "spec.http[0].route"},
      {"negative", weights("-1", "1"), "spec.http[0].route[0].weight"},
      {"the only one is zero", withRule("{route: [{destination: {host: a}, weight: 0}]}")},
  });
}

TEST(ValidateHttpRoute, WeightsMustFitEnvoysSum) {
  const std::string big = "{destination: {host: a}, weight: 2147483647}";
  check(std::vector<Refused>{
      {"two", withRule("{route: [" + big + ", " + big + "]}")},
      {"three", withRule("{route: [" + big + ", " + big + ", " + big + "]}"), "spec.http[0].route"},
  });
}

}  // namespace
}  // namespace sluice::source
