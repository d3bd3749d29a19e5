// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <set>

#include "userspace/source/validate_common.h"
#include "userspace/source/validate_traffic_policy.h"

namespace sluice::source {
namespace {

/// Envoy: the largest table is a prime below this.
constexpr uint64_t kMaglevLimit = 5'000'011;

/// Only for numbers below kMaglevLimit: about a thousand divisions.
bool isPrime(uint64_t number) {
  if (number < 4) return number != 0;  // Envoy takes 1 as well.
  if (number % 2 == 0) return number == 2;
  for (uint64_t factor = 3; factor * factor <= number; factor += 2) {
    if (number % factor == 0) return false;
  }
  return true;
}

/// Istio: "tableSize must be a prime number for maglev".
void checkMaglev(const ConsistentHash::Maglev& maglev, const FieldPath& path, Findings& findings) {
  const uint64_t size = maglev.table_size.value_or(0);
  if (size < kMaglevLimit && isPrime(size)) return;
  findings.invalid(path / "tableSize", fmt::format("must be a prime below {}", kMaglevLimit),
                   "leave maglev.tableSize at 65537 if in doubt");
}

/// Istio: "duplicate cookie attribute name".
void checkCookie(const HttpCookie& cookie, const FieldPath& path, Findings& findings) {
  if (cookie.name.empty()) findings.invalid(path / "name", "name is required");
  std::set<std::string_view> names;
  for (size_t i = 0; i < cookie.attributes.size(); ++i) {
    const std::string& name = cookie.attributes[i].name;
    const FieldPath at = (path / "attributes")[i] / "name";
    if (name.empty()) {
      findings.invalid(at, "an attribute needs a name");
    } else if (!names.insert(name).second) {
      findings.invalid(at, fmt::format("\"{}\" is here twice", name.substr(0, 63)),
                       "remove one of them");
    }
  }
}

/// Istio: "consistent hash MinimumRingSize is deprecated".
void checkOldRingSize(const ConsistentHash& hash, PolicyPlace place, const FieldPath& path,
                      Findings& findings) {
  if (hash.minimum_ring_size.value_or(0) == 0) return;
  if (place == PolicyPlace::kTop) {
    warn(findings, path / "minimumRingSize", "is deprecated", "write ringHash.minimumRingSize");
  }
  if (hash.ring_hash || hash.maglev) {
    findings.invalid(path, "the old minimumRingSize excludes ringHash and maglev", "remove it");
  }
}

void checkConsistentHash(const ConsistentHash& hash, PolicyPlace place, const FieldPath& path,
                         Findings& findings) {
  if (hash.http_cookie) checkCookie(*hash.http_cookie, path / "httpCookie", findings);
  if (hash.maglev) checkMaglev(*hash.maglev, path / "maglev", findings);
  checkOldRingSize(hash, place, path, findings);
}

void checkWarmup(const Warmup& warmup, const FieldPath& path, Findings& findings) {
  if (!warmup.duration) findings.invalid(path / "duration", "duration is required");
  checkDuration(warmup.duration, path / "duration", findings);
  if (warmup.minimum_percent.value_or(0) > 100) {
    findings.invalid(path / "minimumPercent", "must be at most 100");
  }
  if (warmup.aggression.value_or(1) <= 0) {
    findings.invalid(path / "aggression", "must be greater than 0", "1 is a straight line");
  }
}

}  // namespace

void checkLoadBalancer(const LoadBalancerSettings& balancer, PolicyPlace place,
                       bool has_outlier_detection, const FieldPath& path, Findings& findings) {
  if (balancer.consistent_hash) {
    checkConsistentHash(*balancer.consistent_hash, place, path / "consistentHash", findings);
  }
  if (balancer.locality_lb_setting && balancer.zone_aware_lb_setting) {
    findings.invalid(path, "localityLbSetting and zoneAwareLbSetting exclude each other",
                     "remove one of them");
  }
  if (balancer.locality_lb_setting) {
    checkLocality(*balancer.locality_lb_setting, place, has_outlier_detection,
                  path / "localityLbSetting", findings);
  }
  if (balancer.warmup) checkWarmup(*balancer.warmup, path / "warmup", findings);
}

}  // namespace sluice::source
