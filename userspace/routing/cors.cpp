// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/cors.h"

#include <algorithm>
#include <chrono>

#include "userspace/routing/text_match.h"

namespace sluice::routing {
namespace {

/// "*" as an exact text allows every origin, it is no plain text (Istio converts it).
Result<bool> isAllowed(const CorsPolicy& policy, std::string_view origin) {
  const auto& texts = policy.allow_origin;
  if (std::ranges::any_of(texts, [&](const auto& text) { return text == "*" || text == origin; }))
    return true;
  for (const auto& match : policy.allow_origins) {
    if (match.kind == StringMatch::Kind::kExact && match.value == "*") return true;
    const auto compiled = TextMatch::compile(match);
    if (!compiled) return compiled.error();
    if (compiled->holds(origin)) return true;
  }
  return false;
}

std::string joined(const std::vector<std::string>& list) {
  std::string text;
  for (const auto& item : list) text += (text.empty() ? "" : ",") + item;
  return text;
}

void addList(const char* name, const std::vector<std::string>& list, CorsVerdict& verdict) {
  if (!list.empty()) verdict.headers.emplace_back(name, joined(list));
}

void addAboutOrigin(const CorsPolicy& policy, std::string_view origin, CorsVerdict& verdict) {
  verdict.headers.emplace_back("access-control-allow-origin", origin);
  if (policy.allow_credentials.value_or(false))
    verdict.headers.emplace_back("access-control-allow-credentials", "true");
  addList("access-control-expose-headers", policy.expose_headers, verdict);
}

void addAboutPreflight(const CorsPolicy& policy, CorsVerdict& verdict) {
  addList("access-control-allow-methods", policy.allow_methods, verdict);
  addList("access-control-allow-headers", policy.allow_headers, verdict);
  if (policy.max_age)
    verdict.headers.emplace_back(
        "access-control-max-age",
        std::to_string(std::chrono::duration_cast<std::chrono::seconds>(*policy.max_age).count()));
}

}  // namespace

Result<CorsVerdict> applyCors(const CorsPolicy& policy, std::string_view method,
                              std::string_view origin, std::string_view request_method) {
  CorsVerdict verdict;
  if (origin.empty()) return verdict;
  const auto allowed = isAllowed(policy, origin);
  if (!allowed) return allowed.error();
  const bool preflight = method == "OPTIONS" && !request_method.empty();
  const bool ignores = policy.unmatched_preflights == CorsPolicy::UnmatchedPreflights::kIgnore;
  verdict.answered = preflight && (*allowed || ignores);
  if (*allowed) addAboutOrigin(policy, origin, verdict);
  if (verdict.answered) addAboutPreflight(policy, verdict);
  return verdict;
}

}  // namespace sluice::routing
