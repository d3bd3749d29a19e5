// SPDX-License-Identifier: Apache-2.0
#include "userspace/observe/map_use.h"

#include <gtest/gtest.h>

namespace sluice::observe {
namespace {

const std::vector<MapUse> kMaps = {
    {.table = Table::kServices, .type = "hash", .capacity = 3000, .entries = 1000, .bytes = 5000},
    {.table = Table::kReasons,
     .type = "per-CPU array",
     .capacity = 64,
     .entries = std::nullopt,
     .bytes = 100}};

TEST(MapUse, ItemsSayHowFullAMapIsAndWhatHappensThen) {
  const auto items = mapItems(kMaps);
  EXPECT_EQ(items[0].at("name"), "services");
  EXPECT_EQ(items[0].at("entries"), 1000);
  EXPECT_EQ(items[0].at("pressure"), 33.3);
  EXPECT_EQ(items[0].at("bytes"), 5000);
  EXPECT_NE(items[0].at("whenFull").get<std::string>().find("last good route"), std::string::npos);
}

TEST(MapUse, WhatDoesNotComeAndGoHasNoPressure) {
  const auto items = mapItems(kMaps);
  EXPECT_EQ(items[1].at("name"), "reasons");
  EXPECT_FALSE(items[1].contains("entries"));
  EXPECT_FALSE(items[1].contains("pressure"));
  EXPECT_EQ(items[1].at("whenFull"), "never");
}

TEST(MapUse, MetricsAreOfWhatMayFillUp) {
  MetricsPage page;
  addMaps(page, kMaps);
  const auto text = page.text();
  EXPECT_NE(text.find("sluice_map_entries{map=\"services\"} 1000\n"), std::string::npos) << text;
  EXPECT_NE(text.find("sluice_map_capacity{map=\"services\"} 3000\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("reasons"), std::string::npos) << text;
}

}  // namespace
}  // namespace sluice::observe
