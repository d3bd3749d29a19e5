// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/cors.h"

#include <algorithm>
#include <chrono>

namespace sluice::routing {
namespace {

/// "*" as an exact text allows every origin, it is no plain text (Istio converts it).
bool isEveryOrigin(const StringMatch& match) {
  return match.kind == StringMatch::Kind::kExact && match.value == "*";
}

/// The deprecated exact texts, too.
std::vector<StringMatch> originsOf(const CorsPolicy& policy) {
  auto origins = policy.allow_origins;
  for (const auto& text : policy.allow_origin) origins.push_back({StringMatch::Kind::kExact, text});
  return origins;
}

std::string joined(const std::vector<std::string>& list) {
  std::string text;
  for (const auto& item : list) text += (text.empty() ? "" : ",") + item;
  return text;
}

void addList(const char* name, const std::vector<std::string>& list,
             CorsVerdict::Headers& headers) {
  if (!list.empty()) headers.emplace_back(name, joined(list));
}

CorsVerdict::Headers aboutOrigin(const CorsPolicy& policy) {
  CorsVerdict::Headers headers;
  if (policy.allow_credentials.value_or(false))
    headers.emplace_back("access-control-allow-credentials", "true");
  addList("access-control-expose-headers", policy.expose_headers, headers);
  return headers;
}

CorsVerdict::Headers aboutPreflight(const CorsPolicy& policy) {
  CorsVerdict::Headers headers;
  addList("access-control-allow-methods", policy.allow_methods, headers);
  addList("access-control-allow-headers", policy.allow_headers, headers);
  if (!policy.max_age) return headers;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*policy.max_age).count();
  headers.emplace_back("access-control-max-age", std::to_string(seconds));
  return headers;
}

void append(const CorsVerdict::Headers& from, CorsVerdict::Headers& to) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

Result<Cors> Cors::compile(const CorsPolicy& policy) {
  Cors cors;
  for (const auto& match : originsOf(policy)) {
    cors.every_origin_ |= isEveryOrigin(match);
    auto compiled = TextMatch::compile(match);
    if (!compiled) return std::move(compiled).error();
    cors.origins_.push_back(*std::move(compiled));
  }
  cors.answers_unmatched_ = policy.unmatched_preflights == CorsPolicy::UnmatchedPreflights::kIgnore;
  cors.about_origin_ = aboutOrigin(policy);
  cors.about_preflight_ = aboutPreflight(policy);
  return cors;
}

bool Cors::allows(std::string_view origin) const {
  return every_origin_ ||
         std::ranges::any_of(origins_, [&](const auto& allowed) { return allowed.holds(origin); });
}

CorsVerdict Cors::verdict(std::string_view method, std::string_view origin,
                          std::string_view request_method) const {
  CorsVerdict verdict;
  if (origin.empty()) return verdict;
  const bool allowed = allows(origin);
  const bool preflight = method == "OPTIONS" && !request_method.empty();
  verdict.answered = preflight && (allowed || answers_unmatched_);
  if (allowed) {
    verdict.headers.emplace_back("access-control-allow-origin", origin);
    append(about_origin_, verdict.headers);
  }
  if (verdict.answered) append(about_preflight_, verdict.headers);
  return verdict;
}

}  // namespace sluice::routing
