// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <string_view>
#include <vector>

#include "userspace/source/validate_common.h"
#include "userspace/source/validate_traffic_policy.h"

namespace sluice::source {
namespace {

/// "region", "region/zone" or "region/zone/subzone"; a subzone may have slashes of its own.
std::vector<std::string_view> partsOf(std::string_view locality) {
  std::vector<std::string_view> parts;
  while (parts.size() < 2) {
    const auto slash = locality.find('/');
    if (slash == std::string_view::npos) break;
    parts.push_back(locality.substr(0, slash));
    locality.remove_prefix(slash + 1);
  }
  parts.push_back(locality);
  return parts;
}

/// A list of localities that must not overlap (Istio: validateLocalities). The first entry that a
/// client matches is used, so none may lie within an earlier one. Nor may it hold an earlier one,
/// unless it says so with `*`: "eu/west" before "eu/*" is legal, before "eu" it is not.
class Localities {
 public:
  /// Complains when `locality` is ill-formed, or overlaps one that was added before.
  Complaint add(std::string_view locality) {
    const auto stars = std::ranges::count(locality, '*');
    if (stars > 1 || (stars == 1 && !locality.ends_with('*'))) {
      return "may have one wildcard, at its end";
    }
    const auto parts = partsOf(locality);
    if (std::ranges::count(parts, "") > 0) return "has an empty region, zone or subzone";
    if (overlaps(locality, parts)) return "overlaps an earlier one of the list";
    insert(parts);
    return std::nullopt;
  }

 private:
  bool overlaps(std::string_view locality, const std::vector<std::string_view>& parts) const {
    if (areas_.contains("*") || areas_.contains(locality)) return true;
    std::string around;
    for (size_t i = 0; i + 1 < parts.size(); ++i) {
      around.append(parts[i]).append("/");
      if (areas_.contains(around + "*")) return true;
    }
    return false;
  }

  /// Notes the locality and the areas around it; what is left out is any.
  void insert(std::vector<std::string_view> parts) {
    parts.resize(3, "*");
    std::string area;
    for (const std::string_view part : parts) {
      area.append(area.empty() ? "" : "/").append(part);
      areas_.insert(area);
    }
  }

  std::set<std::string, std::less<>> areas_;
};

/// Istio: "locality weight must be in range [1, 100]", "total locality weight != 100".
void checkShares(const std::map<std::string, uint32_t>& to, const FieldPath& path,
                 Findings& findings) {
  uint64_t total = 0;
  for (const auto& [locality, weight] : to) {
    if (weight < 1 || weight > 100) {
      return findings.invalid(path.entry(locality), "a share must be 1 to 100 percent",
                              "leave out who gets nothing");
    }
    total += weight;
  }
  if (total != 100) {
    findings.invalid(path, fmt::format("the shares add up to {}, not to 100 percent", total));
  }
}

constexpr std::string_view kLocalityHint = "write region/zone/subzone, or region/*";

void checkDistribution(const std::vector<LocalityLbSetting::Distribute>& distribute,
                       const FieldPath& path, Findings& findings) {
  Localities sources;
  for (size_t i = 0; i < distribute.size(); ++i) {
    const FieldPath to = path[i] / "to";
    checkShares(distribute[i].to, to, findings);
    Localities targets;
    for (const auto& [locality, weight] : distribute[i].to) {
      reportInvalid(findings, to.entry(locality), locality, targets.add(locality), kLocalityHint);
    }
    reportInvalid(findings, path.asWhole()[i], distribute[i].from, sources.add(distribute[i].from),
                  kLocalityHint);
  }
}

/// Istio: both ends of a failover are regions, and two of them.
void checkFailover(const LocalityLbSetting::Failover& failover, const FieldPath& path,
                   Findings& findings) {
  if (failover.from == failover.to) {
    findings.invalid(path, "from and to must be different regions");
  }
  if ((failover.from + failover.to).find_first_of("/*") != std::string::npos) {
    findings.invalid(path, "from and to are regions, without zones and wildcards");
  }
}

bool isTopology(std::string_view label) {
  static constexpr std::array<std::string_view, 3> kLabels = {
      "topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone"};
  return std::ranges::find(kLabels, label) != kLabels.end();
}

/// Istio: "can not simultaneously …". Each of the three ways orders localities by itself.
void checkExclusions(const LocalityLbSetting& setting, const FieldPath& path, Findings& findings) {
  if (setting.failover.empty()) return;
  if (!setting.distribute.empty()) {
    findings.invalid(path, "distribute and failover exclude each other", "remove one of them");
  }
  if (std::ranges::any_of(setting.failover_priority, isTopology)) {
    findings.invalid(path, "failover excludes regions, zones and subzones in failoverPriority",
                     "remove one of them");
  }
}

}  // namespace

void checkLocality(const LocalityLbSetting& setting, PolicyPlace place, bool has_outlier_detection,
                   const FieldPath& path, Findings& findings) {
  checkExclusions(setting, path, findings);
  checkDistribution(setting.distribute, path / "distribute", findings);
  for (size_t i = 0; i < setting.failover.size(); ++i) {
    checkFailover(setting.failover[i], (path / "failover")[i], findings);
  }
  if (has_outlier_detection || place != PolicyPlace::kTop) return;
  // Without it no endpoint is ever found to be down.
  const char* field = !setting.failover.empty() ? "failover" : "failoverPriority";
  if (!setting.failover.empty() || !setting.failover_priority.empty()) {
    warn(findings, path / field, "has no effect without outlierDetection",
         "add outlierDetection: {}");
  }
}

}  // namespace sluice::source
