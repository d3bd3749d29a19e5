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
            const Complaint& complaint, std::string_view hint = {});
/// The same for Istio's own checks.
void reportInvalid(Findings& findings, const FieldPath& path, std::string_view value,
                   const Complaint& complaint, std::string_view hint = {});
/// Istio: what the webhook warns of.
void warn(Findings& findings, const FieldPath& path, std::string message, std::string hint = {});

/// Kubernetes: names of resources and namespaces.
void checkMetadata(const Metadata& metadata, Findings& findings);

/// Who may say `~` (nobody) in exportTo, and who must stay in its own namespace.
enum class ExportRules { kRule, kServiceEntry, kRuleForWorkloads };

/// Istio: validateExportTo; `own_namespace` is what "." means.
void checkExportTo(const std::vector<std::string>& export_to, const std::string& own_namespace,
                   ExportRules rules, const FieldPath& path, Findings& findings);

/// What to write for names that many rules have.
namespace hint {
inline constexpr std::string_view kHost =
    "write a DNS name, such as catalog.shop.svc.cluster.local";
inline constexpr std::string_view kLabelName = "write a name such as v1 or http-web";
inline constexpr std::string_view kHeaderName = "write a name such as x-user";
inline constexpr std::string_view kLabels = "write labels as Kubernetes has them, app: web";
inline constexpr std::string_view kAddress = "write an address such as 10.0.0.1, or 10.0.0.0/8";
}  // namespace hint

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
