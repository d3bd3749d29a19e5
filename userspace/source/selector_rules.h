// SPDX-License-Identifier: Apache-2.0
// What the CRDs say of labels in selectors.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::source {

/// Kubernetes: a label's value.
inline constexpr size_t kMaxLabelValueLength = 63;

/// CEL: keys are not empty and have no wildcard.
std::optional<std::string> selectorKeyComplaint(std::string_view key);
/// CEL: values have no wildcard.
std::optional<std::string> selectorValueComplaint(std::string_view value);

}  // namespace sluice::source
