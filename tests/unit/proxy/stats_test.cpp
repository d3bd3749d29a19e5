// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/stats.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace sluice::proxy {
namespace {

TEST(Stats, AreAddedUp) {
  WorkerStats one, other;
  one.retries = 1;
  other.retries = 2;
  other.open_connections = 3;
  one += other;
  EXPECT_EQ(one.retries, 3u);
  EXPECT_EQ(one.open_connections, 3u);
}

TEST(Stats, AreAllInTheReference) {
  std::ifstream file(SLUICE_SOURCE_DIR "/docs/reference/metrics.md");
  std::stringstream page;
  page << file.rdbuf();
  eachCounter(WorkerStats(), [&](const char* name, const char* help, uint64_t) {
    const std::string row = "| `" + std::string(name) + "` | " + help + " |\n";
    EXPECT_NE(page.str().find(row), std::string::npos)
        << "docs/reference/metrics.md lacks the line\n"
        << row;
  });
}

}  // namespace
}  // namespace sluice::proxy
