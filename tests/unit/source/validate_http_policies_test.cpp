// SPDX-License-Identifier: Apache-2.0
// Timeouts, retries, faults, CORS and header operations of a rule.
#include "tests/unit/source/validate_cases.h"
#include "userspace/source/validate_headers.h"

namespace sluice::source {
namespace {

TEST(ValidateHttpPolicies, Timeouts) {
  check(std::vector<Refused>{
      {"none", ruleWith("timeout: 0s"), "spec.http[0].timeout"},
      {"short", ruleWith("timeout: 0.5ms"), "spec.http[0].timeout"},
      {"fraction", ruleWith("timeout: 1.5ms"), "spec.http[0].timeout"},
      {"word", ruleWith("timeout: soon"), "spec.http[0].timeout"},
      {"least", ruleWith("timeout: 1ms")},
      {"long", ruleWith("timeout: 1h2m3.5s")},
  });
}

TEST(ValidateHttpPolicies, Retries) {
  const auto retries = [](const std::string& fields) {
    return ruleWith("retries: {" + fields + "}");
  };
  const auto on = [&](const std::string& conditions) {
    return retries("attempts: 1, retryOn: '" + conditions + "'");
  };
  const std::string at = "spec.http[0].retries";
  check(std::vector<Refused>{
      {"all", retries("attempts: 10, perTryTimeout: 2s, retryOn: '5xx,gateway-error'")},
      {"off", retries("attempts: 0")},
      {"off without a word", retries("")},
      {"only attempts", retries("attempts: 10")},
      {"negative", retries("attempts: -1, perTryTimeout: 2s"), at + ".attempts"},
      {"off with a timeout", retries("attempts: 0, perTryTimeout: 2s"), at},
      {"off with conditions", retries("attempts: 0, retryOn: 5xx"), at},
      {"off with localities", retries("attempts: 0, retryRemoteLocalities: false"), at},
      {"off with backoff, which Istio lets pass", retries("attempts: 0, backoff: 1s")},
      {"fraction", retries("attempts: 1, perTryTimeout: 2.000000001s"), at + ".perTryTimeout"},
      {"short", retries("attempts: 1, perTryTimeout: 999ns"), at + ".perTryTimeout"},
      {"short backoff", retries("attempts: 1, backoff: 999ns"), at + ".backoff"},
      {"fraction of backoff", retries("attempts: 1, backoff: 25.5ms"), at + ".backoff"},
      {"status", on("503,connect-failure")},
      {"gRPC", on("cancelled,deadline-exceeded,internal,resource-exhausted,unavailable")},
      {"HTTP", on("gateway-error,reset,reset-before-request,retriable-4xx,refused-stream,"
                  "retriable-status-codes,retriable-headers,envoy-ratelimited,"
                  "http3-post-connect-failure")},
      {"no word", on("5xx,invalid policy"), at + ".retryOn"},
      {"no status", on("600,connect-failure"), at + ".retryOn"},
      {"a status without a name", on("306"), at + ".retryOn"},
      {"space", on("5xx, reset"), at + ".retryOn"},
      {"nothing between commas", on("5xx,,reset"), at + ".retryOn"},
      {"comma at the end", on("5xx,"), at + ".retryOn"},
  });
}

TEST(ValidateHttpPolicies, Faults) {
  const auto delay = [](const std::string& text) {
    return ruleWith("fault: {delay: " + text + "}");
  };
  const auto abort = [](const std::string& text) {
    return ruleWith("fault: {abort: " + text + "}");
  };
  const std::string at_delay = "spec.http[0].fault.delay";
  const std::string at_abort = "spec.http[0].fault.abort";
  check(std::vector<Refused>{
      {"none", ruleWith("fault: {}"), "spec.http[0].fault"},
      {"delay", delay("{fixedDelay: 3s, percentage: {value: 0.001}}")},
      {"least delay", delay("{fixedDelay: 1ms}")},
      {"short delay", delay("{fixedDelay: 500us}"), at_delay + ".fixedDelay"},
      {"no delay", delay("{fixedDelay: 0s}"), at_delay + ".fixedDelay"},
      {"fraction of a delay", delay("{fixedDelay: 3.000000042s}"), at_delay + ".fixedDelay"},
      {"exponential", delay("{exponentialDelay: 1s}"), at_delay + ".exponentialDelay"},
      {"too many delays", delay("{fixedDelay: 3s, percentage: {value: 101}}"),
       at_delay + ".percentage"},
      {"negative delays", delay("{fixedDelay: 3s, percentage: {value: -10}}"),
       at_delay + ".percentage"},
      {"abort", abort("{httpStatus: 200, percentage: {value: 20}}")},
      {"status 199", abort("{httpStatus: 199}"), at_abort + ".httpStatus"},
      {"status 600", abort("{httpStatus: 600}")},
      {"status 601", abort("{httpStatus: 601}"), at_abort + ".httpStatus"},
      {"gRPC", abort("{grpcStatus: UNAVAILABLE}")},
      {"no gRPC", abort("{grpcStatus: unavailable}"), at_abort + ".grpcStatus"},
      {"empty gRPC", abort("{grpcStatus: ''}"), at_abort + ".grpcStatus"},
      {"HTTP/2", abort("{http2Error: REFUSED_STREAM}"), at_abort + ".http2Error"},
      {"no error", abort("{percentage: {value: 1}}")},
      {"tiny", abort("{httpStatus: 500, percentage: {value: 0.00001}}"), at_abort + ".percentage"},
      {"large", abort("{httpStatus: 500, percentage: {value: 100.1}}"), at_abort + ".percentage"},
      {"nothing", abort("{httpStatus: 500, percentage: {value: 0}}")},
  });
}

TEST(ValidateHttpPolicies, AbortWithoutErrorIsTakenInSilence) {
  EXPECT_EQ(summary(ruleWith("fault: {abort: {percentage: {value: 1}}}")), "");
}

TEST(ValidateHttpPolicies, Cors) {
  const auto cors = [](const std::string& fields) {
    return ruleWith("corsPolicy: {" + fields + "}");
  };
  const std::string at = "spec.http[0].corsPolicy";
  check(std::vector<Refused>{
      {"all", cors("allowOrigins: [{exact: a}, {prefix: b}, {regex: 'c.*'}], allowMethods: [GET, "
                   "POST], allowHeaders: [header1], exposeHeaders: [header2], maxAge: 2s")},
      {"every method and header", cors("allowMethods: ['*'], allowHeaders: ['*']")},
      {"no method", cors("allowMethods: [GET, PUTT]"), at + ".allowMethods"},
      {"method in lower case", cors("allowMethods: [get]"), at + ".allowMethods"},
      {"empty header", cors("allowHeaders: ['']"), at + ".allowHeaders"},
      {"empty exposed header", cors("exposeHeaders: ['']"), at + ".exposeHeaders"},
      {"no header", cors("exposeHeaders: ['a b']"), at + ".exposeHeaders"},
      {"empty origin", cors("allowOrigins: [{exact: ''}]"), at + ".allowOrigins"},
      {"empty prefix", cors("allowOrigins: [{prefix: ''}]"), at + ".allowOrigins"},
      {"no kind of match", cors("allowOrigins: [{}]"), at + ".allowOrigins"},
      {"bad regex", cors("allowOrigins: [{regex: '['}]"), at + ".allowOrigins"},
      {"fraction of a second", cors("maxAge: 2.5s"), at + ".maxAge"},
      {"less than a second", cors("maxAge: 500ms"), at + ".maxAge"},
  });
}

TEST(ValidateHttpPolicies, PointsAtTheOrigin) {
  const auto findings = findingsIn(R"(apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a}
spec:
  hosts: [a]
  http:
  - route: [{destination: {host: a}}]
    corsPolicy:
      allowOrigins:
      - exact: fine
      - exact: ""
)");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].field, "spec.http[0].corsPolicy.allowOrigins");
  EXPECT_EQ(findings[0].position.line, 11);
}

std::string request(const std::string& operations) {
  return ruleWith("headers: {request: {" + operations + "}}");
}

std::string response(const std::string& operations) {
  return ruleWith("headers: {response: {" + operations + "}}");
}

TEST(ValidateHttpPolicies, HeaderNames) {
  const std::string on_request = "spec.http[0].headers.request";
  const std::string on_response = "spec.http[0].headers.response";
  check(std::vector<Refused>{
      {"all", request("set: {a: ''}, add: {b: ''}, remove: [c]")},
      {"all of responses", response("set: {a: ''}, add: {b: ''}, remove: [c]")},
      {"empty name to add", request("add: {'': x}"), on_request + ".add"},
      {"empty name to set", request("set: {'': x}"), on_request + ".set"},
      {"empty name to remove", request("remove: ['']"), on_request + ".remove"},
      {"empty name to add later", response("add: {'': x}"), on_response + ".add"},
      {"empty name to set later", response("set: {'': x}"), on_response + ".set"},
      {"empty name to remove later", response("remove: ['']"), on_response + ".remove"},
      {"Host of requests", request("set: {Host: x}")},
      {"authority of requests", request("set: {':authority': x}")},
      {"Host removed", request("remove: [Host]"), on_request + ".remove"},
      {"authority removed", request("remove: [':authority']"), on_request + ".remove"},
      {"Host of responses", response("set: {hOST: x}"), on_response + ".set"},
      {"authority of responses", response("add: {':authority': x}"), on_response + ".add"},
      {"path", request("set: {':path': x}"), on_request + ".set"},
      {"status", response("set: {':status': x}"), on_response + ".set"},
      {"no token", request("set: {'a b': x}"), on_request + ".set"},
  });
}

TEST(ValidateHttpPolicies, HeadersOfADestination) {
  const auto destination = [](const std::string& headers) {
    return withRule("{route: [{destination: {host: a}, headers: " + headers + "}]}");
  };
  const std::string at = "spec.http[0].route[0].headers";
  check(std::vector<Refused>{
      {"Host", destination("{request: {set: {Host: x}}}")},
      {"empty name", destination("{response: {remove: ['']}}"), at + ".response.remove"},
      {"value", destination("{request: {add: {a: '%x'}}}"), at + ".request.add"},
  });
}

TEST(ValidateHttpPolicies, AuthorityIsSetOnce) {
  check(std::vector<Refused>{
      {"rewrite and header",
       ruleWith("rewrite: {authority: b}, "
                "headers: {request: {set: {':authority': c}}}"),
       "spec.http[0]"},
      {"set and add", request("set: {Host: b}, add: {':authority': c}"), "spec.http[0]"},
      {"set twice", request("set: {Host: b, ':authority': c}"), "spec.http[0]"},
      {"rewrite of something else", ruleWith("rewrite: {uri: /b}, "
                                             "headers: {request: {set: {Host: c}}}")},
      {"header of a destination",
       withRule("{rewrite: {authority: b}, route: [{destination: {host: a}, "
                "headers: {request: {set: {Host: c}}}}]}")},
  });
}

TEST(ValidateHttpPolicies, HeaderValuesAreFormats) {
  const std::vector<std::string> good = {
      "",
      "foo",
      "%HOSTNAME%",
      "100%%",
      "prefix %HOSTNAME% suffix",
      "tab\tis fine",
      "%DOWNSTREAM_PEER_CERT_V_END(%b %d %H:%M:%S %Y %Z)%",
      "%DYNAMIC_METADATA(com.test.my_filter)%",
      R"(%UPSTREAM_METADATA(["a", "b"])%)",
      R"(%UPSTREAM_METADATA( [ "a" , "b" ] ) %)",
      R"(%UPSTREAM_METADATA(["a\"b"])%)",
      "%A%%B%",
      "%%%A%",
  };
  for (const auto& value : good) EXPECT_FALSE(checkHeaderValue(value)) << value;
  const std::vector<std::string> bad = {
      "%",
      "abc%123",
      "%START_TIME%%",
      "%%%",
      "%A(b%",
      "%A(b)c%",
      "%A(b)",
      R"(%A([b])%)",
      R"(%A(["b" "c"])%)",
      R"(%A(["b",])%)",
      R"(%A(["b"]x)%)",
      R"(%A(b\)",
      std::string("a\0b", 3),
      "line\nline",
      "\x7f",
  };
  for (const auto& value : bad) EXPECT_TRUE(checkHeaderValue(value)) << value;
  check(std::vector<Refused>{
      {"of a rule", request("set: {a: 'abc%123'}"), "spec.http[0].headers.request.set"},
      {"of a response", response("add: {a: \"\\x01\"}"), "spec.http[0].headers.response.add"},
  });
}

}  // namespace
}  // namespace sluice::source
