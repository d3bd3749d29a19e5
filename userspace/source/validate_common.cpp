// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/validate_common.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>

#include "userspace/source/codes.h"

namespace sluice::source {
namespace {

/// What is said of a value is enough to find it.
constexpr size_t kQuoted = 100;

/// Istio: visibility.Instance.Validate.
void checkExportEntry(const std::string& entry, bool may_be_nobody, const FieldPath& path,
                      Findings& findings) {
  if (entry == "." || entry == "*") return;
  if (entry != "~")
    return reportInvalid(findings, path, entry, checkLabelName(entry), "write a namespace, . or *");
  if (!may_be_nobody) findings.invalid(path, "\"~\" (nobody) is for ServiceEntry only");
}

/// Istio: no entry twice, "." being the own namespace.
std::set<std::string> distinctExports(const std::vector<std::string>& export_to,
                                      const std::string& own_namespace, const FieldPath& path,
                                      Findings& findings) {
  std::set<std::string> seen;
  for (const std::string& entry : export_to) {
    if (seen.insert(entry == "." ? own_namespace : entry).second) continue;
    findings.invalid(
        path, fmt::format("\"{}\" is here twice; \".\" is the own namespace", entry.substr(0, 63)),
        "remove one of them");
  }
  return seen;
}

/// Istio: a rule for some workloads is one for those of its own namespace.
void checkStaysAtHome(const std::set<std::string>& exports, const std::string& own_namespace,
                      const FieldPath& path, Findings& findings) {
  if (exports.empty() || (exports.size() == 1 && exports.contains(own_namespace))) return;
  findings.invalid(path, "a rule with a workloadSelector is for its own namespace only",
                   "write [.], or remove exportTo");
}

/// An annotation of ours and the words that it may be.
struct OwnAnnotation {
  const char* name;
  std::vector<std::string_view> values;
};

void checkOwnAnnotation(const OwnAnnotation& known, const Metadata& metadata, const FieldPath& path,
                        Findings& findings) {
  const auto found = metadata.annotations.find(known.name);
  if (found == metadata.annotations.end()) return;
  if (std::ranges::find(known.values, found->second) != known.values.end()) return;
  findings.error(code::kInvalidValue, path.entry(known.name),
                 fmt::format("{}: \"{}\" is none of {}", known.name,
                             found->second.substr(0, kQuoted), fmt::join(known.values, ", ")));
}

}  // namespace

void report(Findings& findings, const char* code, const FieldPath& path, std::string_view value,
            const Complaint& complaint, std::string_view hint) {
  if (!complaint) return;
  findings.error(code, path, fmt::format("\"{}\" {}", value.substr(0, kQuoted), *complaint),
                 std::string(hint));
}

void reportInvalid(Findings& findings, const FieldPath& path, std::string_view value,
                   const Complaint& complaint, std::string_view hint) {
  report(findings, code::kIstioInvalid, path, value, complaint, hint);
}

void warn(Findings& findings, const FieldPath& path, std::string message, std::string hint) {
  findings.warning(code::kIstioWarning, path, std::move(message), std::move(hint));
}

void checkMetadata(const Metadata& metadata, Findings& findings) {
  const FieldPath path("metadata");
  report(findings, code::kInvalidValue, path / "name", metadata.name,
         checkDns1123Subdomain(metadata.name));
  report(findings, code::kInvalidValue, path / "namespace", metadata.namespace_,
         checkDns1123Label(metadata.namespace_));
}

void checkExportTo(const std::vector<std::string>& export_to, const std::string& own_namespace,
                   ExportRules rules, const FieldPath& path, Findings& findings) {
  for (size_t i = 0; i < export_to.size(); ++i) {
    checkExportEntry(export_to[i], rules == ExportRules::kServiceEntry, path[i], findings);
  }
  const auto exports = distinctExports(export_to, own_namespace, path, findings);
  if (rules == ExportRules::kRuleForWorkloads) {
    checkStaysAtHome(exports, own_namespace, path, findings);
  }
  if (exports.contains("*") && export_to.size() > 1) {
    findings.invalid(path, "\"*\" (everyone) cannot be combined with other entries",
                     "remove the others");
  }
  if (rules == ExportRules::kServiceEntry && exports.contains("~") && export_to.size() > 1) {
    findings.invalid(path, "\"~\" (nobody) cannot be combined with other entries",
                     "remove the others");
  }
}

void checkLabels(const Labels& labels, const FieldPath& path, Findings& findings) {
  for (const auto& [key, value] : labels) {
    reportInvalid(findings, path.entry(key), key, checkLabelKey(key), hint::kLabels);
    reportInvalid(findings, path.entry(key), value, checkLabelValue(value), hint::kLabels);
  }
}

void checkSelector(const std::optional<WorkloadSelector>& selector, std::string_view labels_field,
                   const FieldPath& path, Findings& findings) {
  if (!selector) return;
  if (selector->labels.empty()) {
    warn(findings, path, "has no labels, so it selects every workload of the namespace",
         "name the labels, or remove it");
  }
  for (const auto& [key, value] : selector->labels) {
    const FieldPath at = (path / labels_field).entry(key);
    if (key.empty()) findings.invalid(at, "a label needs a name");
    if ((key + value).find('*') != std::string::npos) {
      findings.invalid(at, "a selector has no wildcards", "name the label's whole value");
    }
  }
}

void checkDuration(std::chrono::nanoseconds duration, const FieldPath& path, Findings& findings) {
  using std::chrono::milliseconds;
  if (duration < milliseconds(1)) {
    findings.invalid(path, "must be at least 1ms", "remove the field to switch it off");
  } else if (duration % milliseconds(1) != milliseconds(0)) {
    findings.invalid(path, "must be a whole number of milliseconds");
  }
}

void checkDuration(const std::optional<std::chrono::nanoseconds>& duration, const FieldPath& path,
                   Findings& findings) {
  if (duration) checkDuration(*duration, path, findings);
}

void checkRegex(const std::string& regex, const FieldPath& path, Findings& findings) {
  if (findings.regexes().isSpent()) {
    return findings.error(code::kLimit, path,
                          "the regular expressions of this file are too large together",
                          "split the file, or repeat less within the expressions");
  }
  reportInvalid(findings, path, regex, findings.regexes().check(regex),
                "write an RE2 expression: no look-around, no back references");
}

void checkPort(uint32_t port, const FieldPath& path, Findings& findings) {
  if (port < 1 || port > 65535) findings.invalid(path, "must be a port, 1 to 65535");
}

void checkPortIfSet(const std::optional<uint32_t>& port, const FieldPath& path,
                    Findings& findings) {
  if (port && *port != 0) checkPort(*port, path, findings);
}

void checkPercent(int64_t percent, const FieldPath& path, Findings& findings) {
  if (percent < 0 || percent > 100) findings.invalid(path, "must be a percentage, 0 to 100");
}

void checkAnnotations(const Metadata& metadata, Findings& findings) {
  static constexpr std::array<std::pair<const char*, const char*>, 4> kRefused = {{
      {"istio.io/dry-run", "is for authorization policies only"},
      {"internal.istio.io/webhook-always-reject", "makes Istio refuse the resource"},
      {"internal.istio.io/parent-namespace", "may be set by Istio only"},
      {"internal.istio.io/parents", "may be set by Istio only"},
  }};
  const FieldPath path = FieldPath("metadata") / "annotations";
  for (const auto& [name, complaint] : kRefused) {
    if (!metadata.annotations.contains(name)) continue;
    findings.invalid(path.entry(name), fmt::format("{} {}", name, complaint), "remove it");
  }
  for (const auto& known : {OwnAnnotation{"sluice.io/split", {"connection", "request"}},
                            OwnAnnotation{"sluice.io/drain", {"off", "idle", "now"}},
                            OwnAnnotation{"sluice.io/rebalance", {"off", "drain"}}})
    checkOwnAnnotation(known, metadata, path, findings);
}

}  // namespace sluice::source
