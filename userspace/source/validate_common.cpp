// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/validate_common.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "userspace/source/codes.h"

namespace sluice::source {

void report(Findings& findings, const char* code, const FieldPath& path, std::string_view value,
            const Complaint& complaint) {
  if (!complaint) return;
  findings.error(code, path, fmt::format("\"{}\" {}", value.substr(0, 100), *complaint));
}

void checkMetadata(const Metadata& metadata, Findings& findings) {
  const FieldPath path("metadata");
  report(findings, code::kInvalidValue, path / "name", metadata.name,
         checkDns1123Subdomain(metadata.name));
  report(findings, code::kInvalidValue, path / "namespace", metadata.namespace_,
         checkDns1123Label(metadata.namespace_));
}

void checkExportTo(const std::vector<std::string>& export_to, const std::string& own_namespace,
                   const FieldPath& path, Findings& findings) {
  std::set<std::string> seen;
  for (size_t i = 0; i < export_to.size(); ++i) {
    const std::string& entry = export_to[i];
    if (!seen.insert(entry == "." ? own_namespace : entry).second) {
      findings.invalid(path,
                       fmt::format("\"{}\" is here twice; \".\" is the own namespace", entry));
    }
    if (entry == "~") {
      findings.invalid(path[i], "\"~\" (nobody) is for ServiceEntry only");
    } else if (entry != "." && entry != "*") {
      report(findings, code::kIstioInvalid, path[i], entry, checkDns1123Label(entry));
    }
  }
  if (seen.contains("*") && export_to.size() > 1) {
    findings.invalid(path, "\"*\" (everyone) cannot be combined with other entries",
                     "remove the others");
  }
}

void checkLabels(const Labels& labels, const FieldPath& path, Findings& findings) {
  for (const auto& [key, value] : labels) {
    report(findings, code::kIstioInvalid, path.entry(key), key, checkLabelKey(key));
    report(findings, code::kIstioInvalid, path.entry(key), value, checkLabelValue(value));
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

void checkPort(uint16_t port, const FieldPath& path, Findings& findings) {
  if (port == 0) findings.invalid(path, "must be a port, 1 to 65535");
}

void checkAnnotations(const Metadata& metadata, Findings& findings) {
  const FieldPath path = FieldPath("metadata") / "annotations";
  if (metadata.annotations.contains("istio.io/dry-run")) {
    findings.invalid(path.entry("istio.io/dry-run"),
                     "istio.io/dry-run is for authorization policies only", "remove it");
  }
  const auto split = metadata.annotations.find("sluice.io/split");
  if (split != metadata.annotations.end() && split->second != "connection" &&
      split->second != "request") {
    findings.error(code::kInvalidValue, path.entry("sluice.io/split"),
                   fmt::format("sluice.io/split: \"{}\" is neither connection nor request",
                               split->second.substr(0, 100)));
  }
}

}  // namespace sluice::source
