// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/observe/histogram.h"

namespace sluice::observe {

/// The metrics of metrics.def.
enum class Metric {
#define METRIC(Name, name, type, labels, help) k##Name,
#include "userspace/observe/metrics.def"
#undef METRIC
  kCount
};

struct MetricInfo {
  std::string_view name;
  std::string_view type;    ///< "counter", "gauge", "histogram"
  std::string_view labels;  ///< names, separated by commas
  std::string_view help;
};

/// In the order of Metric.
std::span<const MetricInfo> allMetrics();

/// Those of a metric's labels, in their order; borrowed.
class LabelValues : public std::span<const std::string_view> {
 public:
  LabelValues(std::initializer_list<std::string_view> values)
      : span(values.begin(), values.size()) {}
  LabelValues(const std::vector<std::string_view>& values) : span(values) {}
};

/// A page of metrics in Prometheus' text format 0.0.4: families in the order of metrics.def, each
/// once, those without samples left out.
class MetricsPage {
 public:
  /// One sample.
  void add(Metric metric, LabelValues labels, double value);
  /// The samples of a histogram. `scale`: so many of its units are one of the metric's.
  void add(Metric metric, LabelValues labels, const Histogram& histogram, double scale = 1);

  std::string text() const;

 private:
  std::array<std::string, static_cast<size_t>(Metric::kCount)> samples_;
};

}  // namespace sluice::observe
