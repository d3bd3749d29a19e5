// SPDX-License-Identifier: Apache-2.0
#include "userspace/analysis/suppression.h"

#include <algorithm>
#include <utility>

namespace sluice::analysis {
namespace {

constexpr const char* kAnnotation = "galley.istio.io/analyze-suppress";

/// "Kind/namespace/name" or "Kind/name" in parts.
std::vector<std::string> partsOf(std::string_view resource) {
  std::vector<std::string> parts;
  size_t begin = 0;
  for (size_t slash = 0; slash != std::string_view::npos; begin = slash + 1) {
    slash = resource.find('/', begin);
    parts.emplace_back(resource.substr(begin, slash - begin));
  }
  return parts;
}

/// How people spell the resource.
std::vector<std::string> spellingsOf(const std::string& resource) {
  const auto parts = partsOf(resource);
  if (parts.size() == 2) return {resource, parts[0] + " " + parts[1]};
  if (parts.size() != 3) return {resource};
  return {resource, parts[0] + " " + parts[2] + "." + parts[1],
          parts[0] + " " + parts[1] + "/" + parts[2]};
}

std::set<std::string> codesIn(std::string_view text) {
  std::set<std::string> codes;
  std::string word;
  for (const char c : text) {
    if (c == ',')
      codes.insert(std::exchange(word, {}));
    else if (c != ' ')
      word += c;
  }
  codes.insert(word);
  codes.erase("");
  return codes;
}

}  // namespace

bool matchesPattern(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0;
  size_t star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return std::ranges::all_of(pattern.substr(p), [](char c) { return c == '*'; });
}

Result<Suppression> Suppression::parse(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == 0 || equals == std::string_view::npos || equals + 1 == text.size()) {
    return Error(Error::Code::kInvalid,
                 "\"" + std::string(text) + "\" is no CODE=RESOURCE to suppress",
                 "write it as \"IST0109=VirtualService catalog.shop\" or \"SLU2006=*\"");
  }
  Suppression suppression;
  suppression.code_ = text.substr(0, equals);
  suppression.resource_ = text.substr(equals + 1);
  return suppression;
}

bool Suppression::covers(const Diagnostic& diagnostic) const {
  if (!matchesPattern(code_, diagnostic.code)) return false;
  return std::ranges::any_of(spellingsOf(diagnostic.resource), [&](const std::string& spelling) {
    return matchesPattern(resource_, spelling);
  });
}

void SuppressedByAnnotation::add(const std::string& resource, const Metadata& metadata) {
  const auto annotation = metadata.annotations.find(kAnnotation);
  if (annotation != metadata.annotations.end()) codes_[resource] = codesIn(annotation->second);
}

void SuppressedByAnnotation::read(const Snapshot& snapshot) {
  const auto all = [&](const char* kind, const auto& list) {
    for (const auto& resource : list) {
      add(std::string(kind) + "/" + resource->metadata.key(), resource->metadata);
    }
  };
  all("VirtualService", snapshot.virtual_services);
  all("DestinationRule", snapshot.destination_rules);
  all("ServiceEntry", snapshot.service_entries);
  all("WorkloadEntry", snapshot.workload_entries);
  all("Sidecar", snapshot.sidecars);
  all("Service", snapshot.services);
  all("Pod", snapshot.pods);
  all("Deployment", snapshot.deployments);
  all("Workload", snapshot.workloads);
  add("Agent/" + snapshot.agent.metadata.key(), snapshot.agent.metadata);
}

bool SuppressedByAnnotation::covers(const Diagnostic& diagnostic) const {
  const auto found = codes_.find(diagnostic.resource);
  if (found == codes_.end()) return false;
  return found->second.contains("*") || found->second.contains(diagnostic.code);
}

}  // namespace sluice::analysis
