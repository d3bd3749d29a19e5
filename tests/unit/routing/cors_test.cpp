// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/cors.h"

#include <gmock/gmock.h>

#include "tests/unit/routing/builders.h"

namespace sluice::routing {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

CorsPolicy policy() {
  CorsPolicy cors;
  cors.allow_origins = {test::regex("https://.*\\.ok"), test::exact("http://dev")};
  cors.allow_methods = {"GET", "PUT"};
  cors.allow_headers = {"x-a"};
  cors.expose_headers = {"x-e", "x-f"};
  cors.max_age = std::chrono::seconds(90);
  cors.allow_credentials = true;
  return cors;
}

CorsVerdict verdictOf(const CorsPolicy& policy, std::string_view method, std::string_view origin,
                      std::string_view request_method) {
  return Cors::compile(policy)->verdict(method, origin, request_method);
}

TEST(Cors, PreflightOfAnAllowedOriginIsAnswered) {
  const auto verdict = verdictOf(policy(), "OPTIONS", "https://a.ok", "PUT");
  EXPECT_TRUE(verdict.answered);
  EXPECT_THAT(verdict.headers, ElementsAre(Pair("access-control-allow-origin", "https://a.ok"),
                                           Pair("access-control-allow-credentials", "true"),
                                           Pair("access-control-expose-headers", "x-e,x-f"),
                                           Pair("access-control-allow-methods", "GET,PUT"),
                                           Pair("access-control-allow-headers", "x-a"),
                                           Pair("access-control-max-age", "90")));
}

TEST(Cors, OtherRequestsOfAnAllowedOriginAreMarked) {
  for (const auto* method : {"GET", "OPTIONS"}) {
    const auto verdict = verdictOf(policy(), method, "http://dev", "");
    EXPECT_FALSE(verdict.answered);
    EXPECT_THAT(verdict.headers, Contains(Pair("access-control-allow-origin", "http://dev")));
    EXPECT_EQ(verdict.headers.size(), 3u);
  }
}

TEST(Cors, OtherOriginsAreForwardedUntouched) {
  for (const auto* origin : {"", "https://a.ok.evil"}) {
    const auto verdict = verdictOf(policy(), "OPTIONS", origin, "GET");
    EXPECT_FALSE(verdict.answered);
    EXPECT_THAT(verdict.headers, IsEmpty());
  }
}

TEST(Cors, UnmatchedPreflightsMayBeAnsweredWithoutAnOrigin) {
  auto cors = policy();
  cors.unmatched_preflights = CorsPolicy::UnmatchedPreflights::kIgnore;
  const auto verdict = verdictOf(cors, "OPTIONS", "https://evil", "GET");
  EXPECT_TRUE(verdict.answered);
  EXPECT_THAT(verdict.headers, Contains(Pair("access-control-allow-methods", "GET,PUT")));
  EXPECT_THAT(verdict.headers,
              testing::Not(Contains(Pair("access-control-allow-origin", testing::_))));
}

TEST(Cors, StarAllowsEveryOriginAndEchoesIt) {
  CorsPolicy cors;
  cors.allow_origins = {test::exact("*")};
  EXPECT_THAT(verdictOf(cors, "GET", "null", "").headers,
              ElementsAre(Pair("access-control-allow-origin", "null")));
  cors.allow_origins = {};
  cors.allow_origin = {"*"};
  EXPECT_THAT(verdictOf(cors, "GET", "null", "").headers,
              ElementsAre(Pair("access-control-allow-origin", "null")));
}

TEST(Cors, RegularExpressionThatDoesNotCompile) {
  CorsPolicy cors;
  cors.allow_origins = {test::regex("(")};
  EXPECT_FALSE(Cors::compile(cors));
}

}  // namespace
}  // namespace sluice::routing
