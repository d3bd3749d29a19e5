// SPDX-License-Identifier: Apache-2.0
// Rules that several kinds share.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "userspace/model/resources.h"
#include "userspace/source/findings.h"
#include "userspace/source/names.h"

namespace sluice::source {

/// Adds `"value" complaint` as a finding of `code`; nothing without a complaint.
void report(Findings& findings, const char* code, const FieldPath& path, std::string_view value,
            const Complaint& complaint);

/// Kubernetes: names of resources and namespaces.
void checkMetadata(const Metadata& metadata, Findings& findings);

/// Istio: validateExportTo; `own_namespace` is what "." means.
void checkExportTo(const std::vector<std::string>& export_to, const std::string& own_namespace,
                   const FieldPath& path, Findings& findings);

/// Istio: labels.Instance.Validate.
void checkLabels(const Labels& labels, const FieldPath& path, Findings& findings);

/// Istio: ValidateDuration. At least 1 ms, whole milliseconds.
void checkDuration(std::chrono::nanoseconds duration, const FieldPath& path, Findings& findings);

/// Istio: a port is 1 to 65535.
void checkPort(uint16_t port, const FieldPath& path, Findings& findings);

/// Istio: refuses annotations that would make the API server's copy mean something else.
void checkAnnotations(const Metadata& metadata, Findings& findings);

}  // namespace sluice::source
