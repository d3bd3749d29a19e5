// SPDX-License-Identifier: Apache-2.0
#include "userspace/observe/metrics.h"

#include <cassert>
#include <charconv>

namespace sluice::observe {
namespace {

constexpr MetricInfo kMetrics[] = {
#define METRIC(Name, name, type, labels, help) {name, #type, labels, help},
#include "userspace/observe/metrics.def"
#undef METRIC
};

/// In label values backslash, quote and line feed are escaped; in help texts no quote (Prometheus:
/// exposition formats, "Comments, help text, and type information").
void appendEscaped(std::string& out, std::string_view value, bool quote) {
  for (const char c : value) {
    if (c == '\\' || (quote && c == '"')) out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
}

/// Cuts the first name off a list that is separated by commas.
std::string_view takeName(std::string_view& names) {
  const auto end = std::min(names.find(','), names.size());
  const auto name = names.substr(0, end);
  names.remove_prefix(std::min(end + 1, names.size()));
  return name;
}

/// `bound`: of a bucket of a histogram; empty: not one.
void appendLabels(std::string& out, std::string_view names, LabelValues values,
                  std::string_view bound = {}) {
  char separator = '{';
  const auto append = [&](std::string_view name, std::string_view value) {
    out += separator;
    out.append(name).append("=\"");
    appendEscaped(out, value, true);
    out += '"';
    separator = ',';
  };
  for (const auto value : values) {
    assert(!names.empty() && "more values than the metric has labels");
    append(takeName(names), value);
  }
  if (!bound.empty()) append("le", bound);
  if (separator == ',') out += '}';
}

/// Shortest text that reads back as the same number; whole numbers without exponent, so that
/// counters stay readable.
void appendNumber(std::string& out, double value) {
  char text[32];
  const bool whole = value >= 0 && value < 9007199254740992.0 &&
                     value == static_cast<double>(static_cast<uint64_t>(value));
  const auto end = whole ? std::to_chars(text, std::end(text), static_cast<uint64_t>(value)).ptr
                         : std::to_chars(text, std::end(text), value).ptr;
  out.append(text, end);
}

/// One line. `suffix`: of a sample of a histogram.
void appendSample(std::string& out, const MetricInfo& info, LabelValues labels, double value,
                  std::string_view suffix = {}, std::string_view bound = {}) {
  out.append(info.name).append(suffix);
  appendLabels(out, info.labels, labels, bound);
  out += ' ';
  appendNumber(out, value);
  out += '\n';
}

}  // namespace

std::span<const MetricInfo> allMetrics() { return kMetrics; }

void MetricsPage::add(Metric metric, LabelValues labels, double value) {
  const auto index = static_cast<size_t>(metric);
  appendSample(samples_[index], kMetrics[index], labels, value);
}

/// Prometheus: each bucket counts those below it, too.
void MetricsPage::add(Metric metric, LabelValues labels, const Histogram& histogram, double scale) {
  const auto index = static_cast<size_t>(metric);
  const auto sample = [&](std::string_view suffix, std::string_view bound, double value) {
    appendSample(samples_[index], kMetrics[index], labels, value, suffix, bound);
  };
  uint64_t below = 0;
  for (size_t i = 0; i < Histogram::kBounds.size(); ++i) {
    std::string bound;
    appendNumber(bound, Histogram::kBounds[i] / scale);
    sample("_bucket", bound, static_cast<double>(below += histogram.counts()[i]));
  }
  sample("_bucket", "+Inf", static_cast<double>(histogram.count()));
  sample("_sum", {}, histogram.sum() / scale);
  sample("_count", {}, static_cast<double>(histogram.count()));
}

std::string MetricsPage::text() const {
  std::string out;
  for (size_t i = 0; i < samples_.size(); ++i) {
    if (samples_[i].empty()) continue;
    out.append("# HELP ").append(kMetrics[i].name).append(" ");
    appendEscaped(out, kMetrics[i].help, false);
    out.append("\n# TYPE ").append(kMetrics[i].name).append(" ").append(kMetrics[i].type);
    out.append("\n").append(samples_[i]);
  }
  return out;
}

}  // namespace sluice::observe
