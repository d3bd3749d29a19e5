// SPDX-License-Identifier: Apache-2.0
// Shorthand for tests that decode a text.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "userspace/source/document.h"

namespace sluice::source {

inline DecodedFile decodeText(const std::string& text) {
  return decodeFile({"t.yaml", text, std::nullopt});
}

/// Every finding of a file, its documents' included.
inline Diagnostics findingsIn(const std::string& text) {
  const DecodedFile file = decodeText(text);
  Diagnostics all = file.diagnostics;
  for (const auto& document : file.documents) {
    all.insert(all.end(), document.diagnostics().begin(), document.diagnostics().end());
  }
  return all;
}

/// "SLU1003 spec.hots t.yaml:4:3", one line per finding.
inline std::string summary(const std::string& text) {
  std::string lines;
  for (const auto& finding : findingsIn(text)) {
    lines += finding.code + " " + finding.field + " " + finding.position.text() + "\n";
  }
  return lines;
}

/// The only resource of `text`, which must be right.
template <typename T>
std::shared_ptr<const T> only(const std::string& text) {
  const DecodedFile file = decodeText(text);
  EXPECT_EQ(file.documents.size(), 1U) << summary(text);
  if (file.documents.empty() || !file.documents[0].resource()) {
    ADD_FAILURE() << summary(text);
    return std::make_shared<const T>();
  }
  return std::get<std::shared_ptr<const T>>(*file.documents[0].resource());
}

/// A VirtualService of namespace shop with this `spec`, in flow style.
inline std::string virtualService(const std::string& spec) {
  return "{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: case, "
         "namespace: shop}, spec: " +
         spec + "}";
}

inline std::string destinationRule(const std::string& spec) {
  return "{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: case, "
         "namespace: shop}, spec: " +
         spec + "}";
}

/// A VirtualService whose only rule is `rule`.
inline std::string withRule(const std::string& rule) {
  return virtualService("{hosts: [catalog], http: [" + rule + "]}");
}

}  // namespace sluice::source
