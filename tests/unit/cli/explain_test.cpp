// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "userspace/cli/app.h"
#include "userspace/cli/call_arguments.h"
#include "userspace/cli/explanation_text.h"
#include "userspace/observe/json.h"

namespace sluice::cli {
namespace {

using observe::Json;

ExplainArguments call(const std::string& to) {
  ExplainArguments arguments;
  arguments.from = "shop/web";
  arguments.to = to;
  return arguments;
}

TEST(CallArguments, HostAndPort) {
  EXPECT_EQ(readCall(call("product-api:8080"))->host, "product-api");
  EXPECT_EQ(readCall(call("product-api:8080"))->port, 8080);
  EXPECT_FALSE(readCall(call("product-api"))->port);
  EXPECT_EQ(readCall(call("fd00::1"))->host, "fd00::1");
  EXPECT_FALSE(readCall(call("fd00::1"))->port);
  EXPECT_EQ(readCall(call("[fd00::1]:80"))->host, "fd00::1");
  EXPECT_EQ(readCall(call("[fd00::1]:80"))->port, 80);
}

TEST(CallArguments, WrongFormsAreRefused) {
  for (const char* to : {"", ":80", "a:", "a:0", "a:65536", "a:8o", "[fd00::1", "[]:80"})
    EXPECT_FALSE(readCall(call(to)).ok()) << to;
  for (const char* from : {"web", "/web", "shop/"}) {
    auto arguments = call("a");
    arguments.from = from;
    EXPECT_FALSE(readCall(arguments).ok()) << from;
  }
  auto arguments = call("a");
  arguments.headers = {"no-colon"};
  EXPECT_FALSE(readCall(arguments).ok());
}

TEST(CallArguments, ServerNameMeansTlsUnlessSaidOtherwise) {
  auto arguments = call("a");
  EXPECT_EQ(readCall(arguments)->protocol, routing::CallProtocol::kHttp);
  arguments.sni = "a.example";
  EXPECT_EQ(readCall(arguments)->protocol, routing::CallProtocol::kTls);
  arguments.proto = "tcp";
  EXPECT_EQ(readCall(arguments)->protocol, routing::CallProtocol::kTcp);
}

TEST(CallArguments, HeadersLoseTheBlanksAroundTheirValue) {
  auto arguments = call("a");
  arguments.headers = {"user-group:  beta ", "x:"};
  const auto headers = readCall(arguments)->headers;
  ASSERT_EQ(headers.size(), 2u);
  EXPECT_EQ(headers[0], (std::pair<std::string, std::string>("user-group", "beta")));
  EXPECT_EQ(headers[1].second, "");
}

Json explanation() {
  return {
      {"action", "route"},
      {"status", 0},
      {"flag", ""},
      {"rule", {{"virtualService", "shop/canary"}, {"index", 1}, {"name", "most"}}},
      {"destinations", Json::array({{{"host", "api.shop"},
                                     {"port", 80},
                                     {"subset", "v1"},
                                     {"share", 0.9},
                                     {"exists", true},
                                     {"destinationRule", "shop/api"},
                                     {"destinationRuleFound", "the client's namespace"},
                                     {"endpoints", Json::array({{{"address", "10.0.0.1:8080"}}})}},
                                    {{"host", "api.shop"},
                                     {"port", 80},
                                     {"subset", "v2"},
                                     {"share", 0.1},
                                     {"exists", false},
                                     {"headers", {{"request", {{"set", {{"x-new", "yes"}}}}}}},
                                     {"endpoints", Json::array()}}})},
      {"service",
       {{"host", "api.shop"}, {"port", 80}, {"protocol", "http"}, {"how", "the full name"}}},
      {"policy",
       {{"timeout", "3s"},
        {"timeoutFrom", "VirtualService/shop/canary spec.http[1].timeout"},
        {"headers",
         {{"request", {{"set", {{"x-b", "1"}}}, {"remove", Json::array({"x-a"})}}},
          {"response", {{"add", {{"x-c", "2"}}}}}}},
        {"connectionPool",
         {{"tcp", {{"maxConnections", 3}, {"idleTimeout", "5s"}}},
          {"http", {{"idleTimeout", "1m"}}},
          {"from", "DestinationRule/shop/api"}}}}},
      {"path", "proxy"},
      {"reasons", Json::array({{{"code", "SLU4001"},
                                {"field", "spec.http[1].route"},
                                {"text", "the split is per request"}}})},
      {"skipped", Json::array({{{"rule", 0}, {"name", ""}, {"why", "headers[user-group]"}}})},
      {"losers",
       Json::array({{{"virtualService", "shop/later"}, {"why", "shop/canary is older"}}})},
      {"warnings", Json::array({"no subset v2"})}};
}

TEST(ExplanationText, SaysWhatWhereAndWhy) {
  std::ostringstream out, err;
  printExplanation({out, err}, explanation());
  EXPECT_EQ(out.str(),
            "action       route\n"
            "service      api.shop:80, http: the full name\n"
            "rule         VirtualService shop/canary http[1] (most)\n"
            "destinations    90%  api.shop:80 subset v1  10.0.0.1:8080\n"
            "                     under DestinationRule shop/api, found in the client's namespace\n"
            "                10%  api.shop:80 subset v2  does not exist\n"
            "                     with request set x-new: yes\n"
            "timeout      3s (VirtualService/shop/canary spec.http[1].timeout)\n"
            "headers      request remove x-a, set x-b: 1; response add x-c: 2\n"
            "limits       tcp.maxConnections 3, tcp.idleTimeout 5s, http.idleTimeout 1m "
            "(DestinationRule/shop/api)\n"
            "path         proxy\n"
            "  because    the split is per request (spec.http[1].route) [SLU4001]\n"
            "not used     http[0]: headers[user-group]\n"
            "             VirtualService shop/later: shop/canary is older\n"
            "warning      no subset v2\n");
}

class ExplainFilesTest : public testing::Test {
 protected:
  ExplainFilesTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "sluice-cli-XXXXXX";
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  ~ExplainFilesTest() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }

  int explain(std::vector<std::string> more) {
    std::vector<std::string> words = {"sluicectl", "explain", "-f",  folder_, "--from",
                                      "shop/web",  "--to",    "api", "-o",    "json"};
    words.insert(words.end(), more.begin(), more.end());
    std::vector<const char*> argv;
    argv.reserve(words.size());
    for (const auto& word : words) argv.push_back(word.c_str());
    return run({out_, err_}, static_cast<int>(argv.size()), argv.data());
  }

  std::filesystem::path folder_;
  std::ostringstream out_, err_;
};

constexpr const char* kShop = R"(
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
spec:
  clusterIP: 10.96.0.10
  ports: [{name: http, port: 80}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: api, namespace: shop}
spec:
  hosts: [api]
  http:
  - match: [{headers: {user-group: {exact: beta}}}]
    route: [{destination: {host: api}}]
  - fault: {abort: {httpStatus: 503, percentage: {value: 100}}}
    route: [{destination: {host: api}}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
)";

TEST_F(ExplainFilesTest, AnswersWithoutAnAgent) {
  write("shop.yaml", kShop);
  ASSERT_EQ(explain({"-H", "user-group: beta"}), kOk) << err_.str();
  const auto answer = Json::parse(out_.str());
  EXPECT_EQ(answer.at("kind"), "Explanation");
  EXPECT_EQ(answer.at("rule").at("virtualService"), "shop/api");
  EXPECT_EQ(answer.at("rule").at("index"), 0);
  EXPECT_EQ(answer.at("path"), "proxy");
  EXPECT_EQ(err_.str(), "");
}

TEST_F(ExplainFilesTest, HostDecidesWhenAskedTo) {
  write("shop.yaml", kShop);
  ASSERT_EQ(explain({"--host", "nobody.example", "--http-mode", "istio"}), kOk) << err_.str();
  EXPECT_EQ(Json::parse(out_.str()).at("action"), "passthrough");
  out_.str("");
  ASSERT_EQ(explain({"--host", "nobody.example", "--http-mode", "service"}), kOk) << err_.str();
  EXPECT_EQ(Json::parse(out_.str()).at("rule").at("virtualService"), "shop/api");
}

TEST_F(ExplainFilesTest, FileThatIsNoYamlIs65) {
  write("bad.yaml", "a: [");
  EXPECT_EQ(explain({}), kBadData);
  EXPECT_EQ(out_.str(), "");
  EXPECT_NE(err_.str().find("bad.yaml:1"), std::string::npos) << err_.str();
}

TEST_F(ExplainFilesTest, WrongResourceIsSaidAndTheOthersAreExplained) {
  write("shop.yaml", kShop);
  write("wrong.yaml",
        "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"
        "metadata: {name: x, namespace: shop}\nspec: {hots: api}\n");
  EXPECT_EQ(explain({}), kOk);
  EXPECT_NE(err_.str().find("wrong.yaml:4"), std::string::npos) << err_.str();
  EXPECT_EQ(Json::parse(out_.str()).at("rule").at("index"), 1);
}

}  // namespace
}  // namespace sluice::cli
