// SPDX-License-Identifier: Apache-2.0
// Rules that several kinds share.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "userspace/model/resources.h"
#include "userspace/source/findings.h"
#include "userspace/source/names.h"

namespace sluice::source {

/// Adds `"value" complaint` as a finding of `code`; nothing without a complaint.
void report(Findings& findings, const char* code, const FieldPath& path, std::string_view value,
            const Complaint& complaint);
/// The same for Istio's own checks.
void reportInvalid(Findings& findings, const FieldPath& path, std::string_view value,
                   const Complaint& complaint);
/// Istio: what the webhook warns of.
void warn(Findings& findings, const FieldPath& path, std::string message, std::string hint = {});

/// Kubernetes: names of resources and namespaces.
void checkMetadata(const Metadata& metadata, Findings& findings);

/// Who may say `~` (nobody) in exportTo, and who must stay in its own namespace.
enum class ExportRules { kRule, kServiceEntry, kRuleForWorkloads };

/// Istio: validateExportTo; `own_namespace` is what "." means.
void checkExportTo(const std::vector<std::string>& export_to, const std::string& own_namespace,
                   ExportRules rules, const FieldPath& path, Findings& findings);

/// Istio: labels.Instance.Validate.
void checkLabels(const Labels& labels, const FieldPath& path, Findings& findings);

/// Istio: validateWorkloadSelector, ValidateAlphaWorkloadSelector. `labels_field` is where the
/// labels are: matchLabels or labels.
void checkSelector(const std::optional<WorkloadSelector>& selector, std::string_view labels_field,
                   const FieldPath& path, Findings& findings);

/// Istio: ValidateDuration. At least 1 ms, whole milliseconds.
void checkDuration(std::chrono::nanoseconds duration, const FieldPath& path, Findings& findings);
/// Nothing to complain of when it is absent.
void checkDuration(const std::optional<std::chrono::nanoseconds>& duration, const FieldPath& path,
                   Findings& findings);

/// Istio: validateStringRegexp.
void checkRegex(const std::string& regex, const FieldPath& path, Findings& findings);

/// Istio: ValidatePort. 1 to 65535.
void checkPort(uint32_t port, const FieldPath& path, Findings& findings);
/// For fields in which 0 is the same as absent.
void checkPortIfSet(const std::optional<uint32_t>& port, const FieldPath& path, Findings& findings);

/// Istio: ValidatePercent. 0 to 100.
void checkPercent(int64_t percent, const FieldPath& path, Findings& findings);

/// Istio: validateMetadata. Refuses annotations that would make the API server's copy mean
/// something else.
void checkAnnotations(const Metadata& metadata, Findings& findings);

}  // namespace sluice::source
