// SPDX-License-Identifier: Apache-2.0
#include "userspace/observe/metrics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace sluice::observe {
namespace {

TEST(MetricsPage, WritesHelpAndTypeOnceBeforeTheSamplesOfAFamily) {
  MetricsPage page;
  page.add(Metric::kWorkloads, {"enrolled"}, 2);
  page.add(Metric::kConfigRevision, {}, 7);
  page.add(Metric::kWorkloads, {"pending"}, 0);
  EXPECT_EQ(page.text(),
            "# HELP sluice_config_revision Revision of the configuration that the kernel and the "
            "proxy work by.\n"
            "# TYPE sluice_config_revision gauge\n"
            "sluice_config_revision 7\n"
            "# HELP sluice_workloads Workloads of the configuration by state: enrolled, or pending "
            "with a retry.\n"
            "# TYPE sluice_workloads gauge\n"
            "sluice_workloads{state=\"enrolled\"} 2\n"
            "sluice_workloads{state=\"pending\"} 0\n");
}

TEST(MetricsPage, EscapesLabelValues) {
  MetricsPage page;
  page.add(Metric::kPath, {"a\"b\\c\nd"}, 1);
  EXPECT_NE(page.text().find(R"({reason="a\"b\\c\nd"} 1)"), std::string::npos) << page.text();
}

TEST(MetricsPage, KeepsLargeCountersWhole) {
  MetricsPage page;
  page.add(Metric::kPath, {"x"}, 9007199254740991.0);
  page.add(Metric::kPath, {"y"}, 0.25);
  EXPECT_NE(page.text().find("} 9007199254740991\n"), std::string::npos) << page.text();
  EXPECT_NE(page.text().find("} 0.25\n"), std::string::npos) << page.text();
}

TEST(MetricsRegistry, FollowsPrometheusNaming) {
  for (const auto& metric : allMetrics()) {
    EXPECT_TRUE(metric.name.starts_with("sluice_") || metric.name.starts_with("istio_"))
        << metric.name;
    EXPECT_EQ(metric.name.ends_with("_total"), metric.type == "counter") << metric.name;
    EXPECT_TRUE(metric.help.ends_with(".")) << metric.name;
  }
}

std::string tableRow(const MetricInfo& metric) {
  std::ostringstream row;
  row << "| `" << metric.name << "` | " << metric.type << " | "
      << (metric.labels.empty() ? "" : "`" + std::string(metric.labels) + "`") << " | "
      << metric.help << " |";
  return row.str();
}

TEST(MetricsReference, ListsEachMetricAsTheRegistryHasIt) {
  std::ifstream file(SLUICE_SOURCE_DIR "/docs/reference/metrics.md");
  std::stringstream page;
  page << file.rdbuf();
  for (const auto& metric : allMetrics())
    EXPECT_NE(page.str().find(tableRow(metric) + "\n"), std::string::npos)
        << "docs/reference/metrics.md lacks the line\n"
        << tableRow(metric);
  const auto text = page.str();
  size_t rows = 0;
  for (const char* prefix : {"\n| `sluice_", "\n| `istio_"})
    for (size_t at = 0; (at = text.find(prefix, at)) != std::string::npos; ++at) ++rows;
  EXPECT_EQ(rows, allMetrics().size()) << "the table names a metric that is gone";
}

}  // namespace
}  // namespace sluice::observe
