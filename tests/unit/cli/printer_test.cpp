// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/printer.h"

#include <gtest/gtest.h>

#include <sstream>

#include "userspace/cli/layouts.h"
#include "userspace/cli/table.h"
#include "userspace/cli/yaml_text.h"

namespace sluice::cli {
namespace {

using observe::Json;

struct Screen {
  std::ostringstream out, err;
  Terminal terminal{out, err};
};

Json routeItem() {
  return {{"namespace", "shop"},
          {"name", "product-api"},
          {"host", "product-api.shop.svc.cluster.local"},
          {"port", 80},
          {"clients", Json::array({"shop/web"})},
          {"virtualService", "shop/canary"},
          {"rule", 1},
          {"match", "headers[user-group] exact beta"},
          {"destinations", Json::array({{{"host", "product-api.shop.svc.cluster.local"},
                                         {"subset", "v1"},
                                         {"share", 0.9},
                                         {"exists", true}},
                                        {{"host", "gone.shop.svc.cluster.local"},
                                         {"subset", ""},
                                         {"share", 0.1},
                                         {"exists", false}}})},
          {"fault", {{"delay", {{"fixedDelay", "5s"}, {"percent", 50.0}}}}},
          {"timeout", nullptr},
          {"path", "proxy"},
          {"reasons", Json::array({{{"text", "a request is matched"}}})}};
}

std::string printed(const char* noun, const Json& items, Format format, bool headers = true) {
  Screen screen;
  printItems(screen.terminal, observe::envelope("List", items), findNoun(noun)->layout, format,
             headers);
  return screen.out.str() + screen.err.str();
}

TEST(Printer, RoutesAsTable) {
  EXPECT_EQ(printed("routes", Json::array({routeItem()}), Format::kTable),
            "NAMESPACE  SERVICE      PORT  RULE           MATCH                           "
            "DESTINATIONS                FAULT         PATH\n"
            "shop       product-api  80    shop/canary#1  headers[user-group] exact beta  "
            "v1 90%, gone 10% (missing)  delay 5s 50%  proxy\n");
}

TEST(Printer, WideAddsColumns) {
  const auto text = printed("routes", Json::array({routeItem()}), Format::kWide);
  EXPECT_NE(text.find("CLIENTS   TIMEOUT  WHY\n"), std::string::npos) << text;
  EXPECT_NE(text.find("shop/web  -        a request is matched\n"), std::string::npos) << text;
}

TEST(Printer, NameAndNoHeaders) {
  EXPECT_EQ(printed("routes", Json::array({routeItem()}), Format::kName),
            "route/shop/product-api:80/shop/canary#1\n");
  EXPECT_EQ(printed("services", Json::array({{{"namespace", "a"}, {"name", "b"}, {"port", 80}}}),
                    Format::kTable, false),
            "a  b  80  -  -  -  -\n");
}

TEST(Printer, JsonKeepsTheEnvelope) {
  EXPECT_EQ(printed("services", Json::array(), Format::kJson),
            "{\n  \"apiVersion\": \"sluice.io/v1\",\n  \"kind\": \"List\",\n  \"items\": []\n}\n");
}

TEST(Printer, EmptyListIsAMessageNotData) {
  Screen screen;
  printItems(screen.terminal, observe::envelope("List", Json::array()),
             findNoun("services")->layout, Format::kTable, true);
  EXPECT_EQ(screen.out.str(), "");
  EXPECT_EQ(screen.err.str(), "nothing found\n");
}

TEST(Printer, ValuesCannotMoveTheCursor) {
  const Json items = Json::array({{{"namespace", "a\033[2Jb"}, {"name", "c\nd"}}});
  const auto text = printed("services", items, Format::kTable, false);
  EXPECT_EQ(text, "a?[2Jb  c?d  -  -  -  -  -\n");
}

TEST(TextTable, WidthsCountCharactersNotBytes) {
  TextTable table({"A", "B"});
  table.addRow({"üü", "1"});
  table.addRow({"abc", "2"});
  std::ostringstream out;
  table.print(out, true);
  EXPECT_EQ(out.str(), "A    B\nüü   1\nabc  2\n");
}

TEST(YamlText, NestsListsAndObjects) {
  const Json json = {{"a", Json::array({1, Json{{"b", "yes"}, {"c", Json::array({true})}}})},
                     {"d", Json::object()},
                     {"e", nullptr}};
  EXPECT_EQ(
      yamlText(json),
      "\"a\":\n  - 1\n  - \"b\": \"yes\"\n    \"c\":\n      - true\n\"d\": {}\n\"e\": null\n");
}

TEST(YamlText, ListsInListsKeepTheirDepth) {
  EXPECT_EQ(yamlText(Json::array({Json::array({1, 2}), Json::array()})), "- - 1\n  - 2\n- []\n");
}

}  // namespace
}  // namespace sluice::cli
