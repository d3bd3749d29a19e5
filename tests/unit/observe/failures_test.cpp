// SPDX-License-Identifier: Apache-2.0
#include "userspace/observe/failures.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "maps/tables.hpp"
#include "tests/support/memory_data_plane.h"

namespace sluice::observe {
namespace {

using namespace std::chrono_literals;

class FailuresTest : public testing::Test {
 protected:
  void fail(uint16_t site, uint16_t line, int error, uint64_t count, uint64_t last_ns) {
    failure_key key{};
    key.site = site;
    key.line = line;
    key.error = error;
    ASSERT_TRUE(maps::View<Table::kFailures>(tables_).put(key, {count, last_ns}).ok());
  }

  Json items() {
    const auto failures = readFailures(tables_);
    EXPECT_TRUE(failures.ok());
    return failureItems(*failures, 5s);
  }

  test::MemoryDataPlane tables_;
};

TEST_F(FailuresTest, AreNamedByFileLineAndHelper) {
  fail(SITE_PUBLISH_ORIGIN, 70, -E2BIG, 3, 4'000'000'000);
  fail(SITE_REMEMBER, 90, 0, 2, 1'500'000'000);
  EXPECT_EQ(items(), (Json{{{"file", "bpf/lib/attempt.h"},
                            {"line", 90},
                            {"helper", "bpf_sk_storage_get"},
                            {"error", ""},
                            {"count", 2},
                            {"ageSeconds", 3.5}},
                           {{"file", "bpf/lib/origdst.h"},
                            {"line", 70},
                            {"helper", "bpf_map_update_elem"},
                            {"error", "E2BIG"},
                            {"count", 3},
                            {"ageSeconds", 1.0}}}));
}

TEST_F(FailuresTest, SiteOfANewerVersionHasNoName) {
  fail(SITE_COUNT, 1, -ENOMEM, 1, 0);
  EXPECT_EQ(items().at(0).at("file"), "?");
}

TEST_F(FailuresTest, NoneIsAnEmptyList) { EXPECT_EQ(items(), Json::array()); }

}  // namespace
}  // namespace sluice::observe
