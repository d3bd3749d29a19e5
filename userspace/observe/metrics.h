// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

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

/// A page of metrics in Prometheus' text format 0.0.4: families in the order of metrics.def, each
/// once, those without samples left out.
class MetricsPage {
 public:
  /// One sample; `labels` are the values of the metric's labels, in their order.
  void add(Metric metric, std::initializer_list<std::string_view> labels, double value);
  /// The samples of a histogram. `scale`: so many of its units are one of the metric's.
  void add(Metric metric, std::initializer_list<std::string_view> labels,
           const Histogram& histogram, double scale = 1);

  std::string text() const;

 private:
  std::array<std::string, static_cast<size_t>(Metric::kCount)> samples_;
};

}  // namespace sluice::observe
