// SPDX-License-Identifier: Apache-2.0
// Tables of resources and what validation says of them.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/source/decoded.h"

namespace sluice::source {

/// Where rules lead that are looked at for something else.
inline const std::string kTo = "route: [{destination: {host: a}}]";

/// A resource and its only finding of a level.
struct ValidationCase {
  const char* what;
  std::string text;
  std::string field;  ///< of the finding; empty: there is none
  const char* code;
};

inline Diagnostics findingsOf(const std::string& text, Diagnostic::Level level) {
  Diagnostics found;
  for (auto& finding : findingsIn(text)) {
    if (finding.level == level) found.push_back(finding);
  }
  return found;
}

inline void checkCase(const ValidationCase& c, Diagnostic::Level level) {
  const Diagnostics found = findingsOf(c.text, level);
  if (c.field.empty()) {
    EXPECT_TRUE(found.empty()) << c.what << ": " << summary(c.text);
    return;
  }
  ASSERT_EQ(found.size(), 1U) << c.what << ": " << summary(c.text);
  EXPECT_EQ(found[0].field, c.field) << c.what;
  EXPECT_EQ(found[0].code, c.code) << c.what;
  EXPECT_GT(found[0].position.line, 0) << c.what;
  EXPECT_FALSE(found[0].message.empty()) << c.what;
}

/// Errors: what is refused, and that the rest is not.
struct Refused : ValidationCase {
  Refused(const char* name, std::string yaml, std::string at = "", const char* id = "IST0106")
      : ValidationCase{name, std::move(yaml), std::move(at), id} {}
};

inline void check(const std::vector<Refused>& cases) {
  for (const Refused& c : cases) checkCase(c, Diagnostic::Level::kError);
}

/// Warnings of resources without errors.
struct Warned : ValidationCase {
  Warned(const char* name, std::string yaml, std::string at = "", const char* id = "IST0133")
      : ValidationCase{name, std::move(yaml), std::move(at), id} {}
};

inline void check(const std::vector<Warned>& cases) {
  for (const Warned& c : cases) {
    EXPECT_TRUE(findingsOf(c.text, Diagnostic::Level::kError).empty()) << summary(c.text);
    checkCase(c, Diagnostic::Level::kWarning);
  }
}

inline std::string resource(const char* kind, const std::string& spec) {
  return std::string("{apiVersion: networking.istio.io/v1, kind: ") + kind +
         ", metadata: {name: case, namespace: shop}, spec: " + spec + "}";
}

inline std::string serviceEntry(const std::string& spec) { return resource("ServiceEntry", spec); }
inline std::string workloadEntry(const std::string& spec) {
  return resource("WorkloadEntry", spec);
}

/// A VirtualService with one rule that sends on, and `more`.
inline std::string ruleWith(const std::string& more) {
  return withRule("{route: [{destination: {host: a}}], " + more + "}");
}

/// A DestinationRule with this traffic policy.
inline std::string policy(const std::string& blocks) {
  return destinationRule("{host: a, trafficPolicy: " + blocks + "}");
}

}  // namespace sluice::source
