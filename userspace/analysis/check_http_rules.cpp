// SPDX-License-Identifier: Apache-2.0
// HTTP rules that do what they say, but perhaps not what was meant.
#include <fmt/format.h>

#include <algorithm>

#include "userspace/analysis/checks.h"
#include "userspace/routing/path.h"

namespace sluice::analysis {
namespace {

using source::FieldPath;

bool isEveryPath(const StringMatch& uri) {
  switch (uri.kind) {
    case StringMatch::Kind::kPrefix:
      return uri.value.empty() || uri.value == "/";
    case StringMatch::Kind::kRegex:
      return uri.value == ".*" || uri.value == "/.*";
    case StringMatch::Kind::kPresent:
      return true;
    case StringMatch::Kind::kExact:
      break;
  }
  return false;
}

/// Conditions on the client or the port leave no request of theirs without a rule.
bool takesEveryRequest(const HttpMatchRequest& match) {
  return (!match.uri || isEveryPath(*match.uri)) && !match.scheme && !match.method &&
         !match.authority && match.headers.empty() && match.without_headers.empty() &&
         match.query_params.empty();
}

bool takesEveryRequest(const HttpRoute& rule) {
  return rule.match.empty() || std::ranges::any_of(rule.match, [](const HttpMatchRequest& match) {
           return takesEveryRequest(match);
         });
}

FieldPath ruleField(size_t i) { return (FieldPath("spec") / "http")[i]; }

/// The prefix of a match whose rest, put behind something that ends with a slash, begins with
/// one, too; null: there is none.
const std::string* prefixWithoutSlash(const HttpRoute& rule) {
  for (const HttpMatchRequest& match : rule.match) {
    const bool is_prefix = match.uri && match.uri->kind == StringMatch::Kind::kPrefix;
    if (is_prefix && !match.uri->value.empty() && !match.uri->value.ends_with('/')) {
      return &match.uri->value;
    }
  }
  return nullptr;
}

void checkReplacement(const VirtualService& service, const HttpRoute& rule,
                      const std::string& replacement, const FieldPath& field, Report& report) {
  const std::string* prefix = prefixWithoutSlash(rule);
  if (!replacement.ends_with('/') || prefix == nullptr) return;
  report.add({code::kDoubleSlash, subjectOf(service), field,
              fmt::format("\"{0}/x\" becomes \"{1}/x\": the prefix \"{0}\" is replaced as text",
                          *prefix, replacement)});
}

bool hasWeights(const VirtualService& service) {
  return std::ranges::any_of(service.http,
                             [](const HttpRoute& rule) { return rule.route.size() > 1; });
}

}  // namespace

void checkCatchAll(const Mesh& mesh, Report& report) {
  for (const auto& service : mesh.inForce().virtual_services) {
    const auto& rules = service->http;
    if (!isForMesh(*service) || service->hosts.empty() || rules.empty()) continue;
    if (std::ranges::any_of(rules, [](const HttpRoute& r) { return takesEveryRequest(r); }))
      continue;
    report.add({code::kNoCatchAll, subjectOf(*service), FieldPath("spec") / "http",
                "no rule takes every request: what matches none of them is answered with 404"});
  }
}

void checkDoubleSlash(const Mesh& mesh, Report& report) {
  for (const auto& service : mesh.inForce().virtual_services) {
    for (size_t i = 0; i < service->http.size(); ++i) {
      const HttpRoute& rule = service->http[i];
      if (rule.rewrite) {
        checkReplacement(*service, rule, rule.rewrite->uri, ruleField(i) / "rewrite" / "uri",
                         report);
      }
      if (rule.redirect && rule.redirect->prefix_rewrite) {
        checkReplacement(*service, rule, *rule.redirect->prefix_rewrite,
                         ruleField(i) / "redirect" / "prefixRewrite", report);
      }
    }
  }
}

void checkSplitAnnotation(const Mesh& mesh, Report& report) {
  for (const auto& service : mesh.inForce().virtual_services) {
    const auto& annotations = service->metadata.annotations;
    const auto split = annotations.find(routing::kSplitAnnotation);
    if (split == annotations.end()) continue;
    const FieldPath all = FieldPath("metadata") / "annotations";
    const FieldPath field = all.entry(routing::kSplitAnnotation);
    if (split->second != "connection") {
      report.add({code::kSplitWithoutEffect, subjectOf(*service), field,
                  fmt::format("{}: \"{}\" means nothing", split->first, split->second)});
    } else if (!hasWeights(*service)) {
      report.add({code::kSplitWithoutEffect, subjectOf(*service), field,
                  "no http rule has several destinations"});
    } else {
      report.add({code::kSplitPerConnection, subjectOf(*service), field,
                  "all requests of a connection go where its first one went"});
    }
  }
}

}  // namespace sluice::analysis
