// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/proxy/figures.h"

#include <fmt/format.h>

#include <algorithm>

#include "tests/bench/proxy/usage.h"
#include "tests/bench/ratio.h"

namespace sluice::test {

namespace {

using Field = double Sample::*;

std::vector<double> valuesOf(const std::vector<Sample>& samples, Field field) {
  std::vector<double> values;
  values.reserve(samples.size());
  for (const auto& sample : samples) values.push_back(sample.*field);
  return values;
}

double median(const std::vector<Sample>& samples, Field field) {
  return medianOf(valuesOf(samples, field));
}

nlohmann::json ratioOfPairs(const std::vector<Sample>& first, const std::vector<Sample>& second,
                            Field field) {
  // Of what may be too small to be seen the ratio has no logarithm.
  constexpr double kLeast = 0.1;
  std::vector<double> ratios;
  ratios.reserve(first.size());
  for (size_t i = 0; i < first.size(); ++i)
    ratios.push_back(std::max(first[i].*field, kLeast) / std::max(second[i].*field, kLeast));
  const Ratio ratio = ratioOf(ratios);
  return {{"mean", ratio.mean}, {"low", ratio.low}, {"high", ratio.high}};
}

nlohmann::json rowOf(const Contender& contender, const std::vector<Sample>& samples) {
  return {{"name", contender.name},
          {"rate", median(samples, &Sample::rate)},
          {"bestRate", std::ranges::max(valuesOf(samples, &Sample::rate))},
          {"p50Us", median(samples, &Sample::p50)},
          {"p99Us", median(samples, &Sample::p99)},
          {"p999Us", median(samples, &Sample::p999)},
          {"cpuUs", median(samples, &Sample::cpu)},
          {"residentMiB", static_cast<double>(residentKib(contender.processes)) / 1024}};
}

nlohmann::json ratiosOf(const std::vector<Sample>& first, const std::vector<Sample>& other) {
  return {{"rate", ratioOfPairs(first, other, &Sample::rate)},
          {"p99", ratioOfPairs(first, other, &Sample::p99)},
          {"cpu", ratioOfPairs(first, other, &Sample::cpu)}};
}

std::string lineOf(const nlohmann::json& row) {
  const auto number = [&](const char* field) { return row.at(field).get<double>(); };
  const auto ratio = [&](const char* field) {
    if (!row.contains("ratios")) return std::string();
    const auto& of = row.at("ratios").at(field);
    const auto end = [&](const char* name) { return of.at(name).get<double>(); };
    return Ratio{end("mean"), end("low"), end("high")}.text();
  };
  return fmt::format("{:<24} {:>8.0f} {:>8.0f} {:>8.0f} {:>8.0f} {:>8.1f} {:>8.1f}   {:<22} {}\n",
                     row.at("name").get<std::string>(), number("rate"), number("p50Us"),
                     number("p99Us"), number("p999Us"), number("cpuUs"), number("residentMiB"),
                     ratio("rate"), ratio("p99"));
}

}  // namespace

nlohmann::json figuresOf(const Scenario& scenario, const Samples& samples,
                         const std::string& base) {
  const bool has_base = std::ranges::count(scenario.contenders, base, &Contender::name) > 0;
  nlohmann::json rows = nlohmann::json::array();
  for (const auto& contender : scenario.contenders) {
    const auto& own = samples.at(contender.name);
    auto row = rowOf(contender, own);
    if (has_base && contender.name != base) row["ratios"] = ratiosOf(samples.at(base), own);
    rows.push_back(std::move(row));
  }
  return {{"id", scenario.id},
          {"name", scenario.name},
          {"group", scenario.group},
          {"load",
           {{"connections", scenario.load.connections},
            {"streams", scenario.load.streams},
            {"headBytes", scenario.load.head_bytes},
            {"responseBytes", scenario.load.response_bytes}}},
          {"contenders", rows}};
}

std::string textOf(const nlohmann::json& figures) {
  std::string text = fmt::format(
      "\n{}: {}\n{:<24} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}   {:<22} {}\n",
      figures.at("group").get<std::string>(), figures.at("name").get<std::string>(), "", "req/s",
      "p50 us", "p99 us", "p99.9 us", "cpu us", "MiB", "ratio of rates", "of p99");
  for (const auto& row : figures.at("contenders")) text += lineOf(row);
  return text;
}

}  // namespace sluice::test
