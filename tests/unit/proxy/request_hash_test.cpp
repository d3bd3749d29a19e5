// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/request_hash.h"

#include <gtest/gtest.h>

#include <vector>

#include "userspace/balance/hash.h"

namespace sluice::proxy {
namespace {

using balance::hash64;

ConsistentHash byHeader() {
  ConsistentHash key;
  key.http_header_name = "x-user";
  return key;
}
ConsistentHash byCookie() {
  ConsistentHash key;
  key.http_cookie = HttpCookie{.name = "sid", .path = "", .ttl = {}, .attributes = {}};
  return key;
}
ConsistentHash byParameter() {
  ConsistentHash key;
  key.http_query_parameter_name = "user";
  return key;
}

std::optional<uint64_t> hashOf(const ConsistentHash& key,
                               const std::vector<routing::HeaderView>& headers,
                               std::string_view target = "/") {
  return requestHash(key,
                     {.method = "GET", .authority = "a", .target = target, .headers = headers});
}

TEST(RequestHash, OfAHeader) {
  EXPECT_EQ(hashOf(byHeader(), {{"X-User", "ann"}}), hash64("ann"));
  EXPECT_EQ(hashOf(byHeader(), {{"x-users", "ann"}}), std::nullopt);
  // Several values: in whatever order they come, and not one of them alone.
  const auto two = hashOf(byHeader(), {{"x-user", "b"}, {"x-user", "a"}});
  EXPECT_EQ(two, hashOf(byHeader(), {{"x-user", "a"}, {"X-User", "b"}}));
  EXPECT_NE(two, hash64("a"));
  EXPECT_NE(two, hash64("b"));
}

TEST(RequestHash, OfACookie) {
  for (const char* text :
       {"sid=abc", "a=b; sid=abc", "sid=\"abc\";x", " sid = abc ", "sid;sid=abc"})
    EXPECT_EQ(hashOf(byCookie(), {{"Cookie", text}}), hash64("abc")) << text;
  EXPECT_EQ(hashOf(byCookie(), {{"cookie", "a=b"}, {"cookie", "sid=abc"}}), hash64("abc"));
  for (const char* text : {"", "sid", "sid=", "sid=\"\"", "SID=abc", "xsid=abc", "x=sid=abc"})
    EXPECT_EQ(hashOf(byCookie(), {{"cookie", text}}), std::nullopt) << text;
}

TEST(RequestHash, OfAQueryParameter) {
  for (const char* target : {"/?user=ann", "/a?b=c&user=ann&d", "/?user=ann&user=bob"})
    EXPECT_EQ(hashOf(byParameter(), {}, target), hash64("ann")) << target;
  for (const char* target : {"/user=ann", "/?user", "/?user=", "/?User=ann", "/", "/?"})
    EXPECT_EQ(hashOf(byParameter(), {}, target), std::nullopt) << target;
}

TEST(RequestHash, OfAnAddressAloneIsNone) {
  ConsistentHash key;
  key.use_source_ip = true;
  EXPECT_EQ(hashOf(key, {{"x-user", "ann"}}), std::nullopt);
}

TEST(MadeCookie, SaysWhatItsValueHashesTo) {
  const HttpCookie cookie{.name = "sid",
                          .path = "/shop",
                          .ttl = std::chrono::hours(1),
                          .attributes = {{"SameSite", "Strict"}, {"Secure", ""}}};
  const auto made = makeCookie(cookie, "127.0.0.1:5000");
  const auto value = made.field.substr(5, 16);
  EXPECT_EQ(made.field,
            "sid=\"" + value + "\"; Max-Age=3600; Path=/shop; SameSite=Strict; Secure; HttpOnly");
  EXPECT_EQ(hashOf(byCookie(), {{"cookie", "sid=\"" + value + "\""}}), made.hash);
  EXPECT_NE(makeCookie(cookie, "127.0.0.1:5001").hash, made.hash);
}

TEST(MadeCookie, OfASessionHasNoAge) {
  const HttpCookie cookie{
      .name = "sid", .path = "", .ttl = std::chrono::seconds(0), .attributes = {}};
  const auto field = makeCookie(cookie, "x").field;
  EXPECT_EQ(field.substr(field.find(';')), "; HttpOnly");
}

}  // namespace
}  // namespace sluice::proxy
