// SPDX-License-Identifier: Apache-2.0
// Istio: sidecar.SelectorAnalyzer and sidecar.DefaultSelectorAnalyzer.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "userspace/analysis/checks.h"
#include "userspace/analysis/list_text.h"

namespace sluice::analysis {
namespace {

using source::FieldPath;

FieldPath selectorField() { return FieldPath("spec") / "workloadSelector" / "labels"; }

bool selects(const Sidecar& sidecar) {
  return sidecar.workload_selector && !sidecar.workload_selector->labels.empty();
}

std::string namesOf(const std::vector<const Sidecar*>& sidecars) {
  std::vector<std::string> names;
  names.reserve(sidecars.size());
  for (const Sidecar* sidecar : sidecars) names.push_back(sidecar->metadata.name);
  return listText(names);
}

std::string labelsText(const Labels& labels) {
  std::vector<std::string> parts;
  for (const auto& [key, value] : labels) parts.push_back(key + "=" + value);
  return fmt::format("{}", fmt::join(parts, ","));
}

bool isAmbient(const Namespace* one) {
  if (one == nullptr) return false;
  const auto is = [&](const char* key, const char* value) {
    const auto label = one->metadata.labels.find(key);
    return label != one->metadata.labels.end() && label->second == value;
  };
  const auto revision = one->metadata.labels.find("istio.io/rev");
  const bool has_revision = revision != one->metadata.labels.end() && !revision->second.empty();
  return is("istio.io/dataplane-mode", "ambient") && !is("istio-injection", "enabled") &&
         !has_revision;
}

bool isAmbient(const LabelledWorkload& workload) {
  if (workload.pod == nullptr) return false;
  const auto& annotations = workload.pod->metadata.annotations;
  const auto found = annotations.find("ambient.istio.io/redirection");
  return found != annotations.end() && found->second == "enabled";
}

}  // namespace

void checkSidecarSelectors(const Mesh& mesh, Report& report) {
  std::map<const LabelledWorkload*, std::vector<const Sidecar*>> selected_by;
  for (const Sidecar* sidecar : mesh.sidecars()) {
    if (!selects(*sidecar)) continue;
    const Labels& labels = sidecar->workload_selector->labels;
    const auto workloads = mesh.workloads().find(sidecar->metadata.namespace_, labels);
    for (const LabelledWorkload* workload : workloads) selected_by[workload].push_back(sidecar);
    if (workloads.empty()) {
      report.add({code::kIstioNotFound, subjectOf(*sidecar), selectorField(),
                  fmt::format("no workload of namespace {} has {}", sidecar->metadata.namespace_,
                              labelsText(labels))});
    }
  }
  std::set<const Sidecar*> reported;
  for (const auto& [workload, sidecars] : selected_by) {
    if (sidecars.size() < 2) continue;
    for (const Sidecar* sidecar : sidecars) {
      if (!reported.insert(sidecar).second) continue;
      report.add({code::kIstioSidecarConflict, subjectOf(*sidecar), selectorField(),
                  fmt::format("the Sidecars {} all select {}", namesOf(sidecars), workload->name)});
    }
  }
}

void checkDefaultSidecars(const Mesh& mesh, Report& report) {
  std::map<std::string, std::vector<const Sidecar*>> by_namespace;
  for (const Sidecar* sidecar : mesh.sidecars()) {
    if (!sidecar->workload_selector) by_namespace[sidecar->metadata.namespace_].push_back(sidecar);
  }
  for (const auto& [name, sidecars] : by_namespace) {
    if (sidecars.size() < 2) continue;
    for (const Sidecar* sidecar : sidecars) {
      report.add({code::kIstioDefaultSidecarConflict,
                  subjectOf(*sidecar),
                  {},
                  fmt::format("the Sidecars {} of namespace {} have no workload selector",
                              namesOf(sidecars), name)});
    }
  }
}

void checkAmbientSidecars(const Mesh& mesh, Report& report) {
  for (const Sidecar* sidecar : mesh.sidecars()) {
    const std::string& in = sidecar->metadata.namespace_;
    if (!selects(*sidecar)) {
      if (isAmbient(mesh.findNamespace(in))) {
        report.add({code::kIstioIneffectivePolicy,
                    subjectOf(*sidecar),
                    {},
                    fmt::format("namespace {} is in ambient mode", in)});
      }
      continue;
    }
    const auto workloads = mesh.workloads().find(in, sidecar->workload_selector->labels);
    const auto ambient =
        std::ranges::find_if(workloads, [](const auto* workload) { return isAmbient(*workload); });
    if (ambient == workloads.end()) continue;
    report.add({code::kIstioIneffectivePolicy, subjectOf(*sidecar), selectorField(),
                fmt::format("{} is in ambient mode", (*ambient)->name)});
  }
}

}  // namespace sluice::analysis
