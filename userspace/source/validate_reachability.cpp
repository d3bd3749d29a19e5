// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/validate_reachability.h"

#include <fmt/format.h>

#include <string_view>
#include <unordered_map>

#include "userspace/source/codes.h"
#include "userspace/source/validate_overlap.h"

namespace sluice::source {
namespace {

/// The parts of a match, one behind the other, so that equal matches have equal keys.
class Key {
 public:
  Key& operator<<(std::string_view text) {
    text_ += std::to_string(text.size());
    text_ += ':';
    text_ += text;
    return *this;
  }
  Key& operator<<(uint32_t number) { return *this << std::to_string(number); }
  Key& operator<<(const StringMatch& match) {
    return *this << static_cast<uint32_t>(match.kind) << match.value;
  }
  template <typename T>
  Key& operator<<(const std::optional<T>& value) {
    return value ? *this << "some" << *value : *this << "none";
  }
  template <typename T>
  Key& operator<<(const std::map<std::string, T>& map) {
    return addEach(map);
  }
  Key& operator<<(const Labels& labels) { return addEach(labels); }
  Key& operator<<(const std::vector<std::string>& list) {
    *this << static_cast<uint32_t>(list.size());
    for (const std::string& element : list) *this << element;
    return *this;
  }
  std::string text() && { return std::move(text_); }

 private:
  template <typename Map>
  Key& addEach(const Map& map) {
    *this << static_cast<uint32_t>(map.size());
    for (const auto& [key, value] : map) *this << key << value;
    return *this;
  }

  std::string text_;
};

std::string keyOf(const HttpMatchRequest& match) {
  Key key;
  key << match.uri << match.scheme << match.method << match.authority << match.headers
      << match.without_headers << match.query_params << uint32_t{match.ignore_uri_case}
      << match.port << match.source_labels << match.source_namespace << match.gateways
      << match.stat_prefix;
  return std::move(key).text();
}

std::string keyOf(const L4Match& match) {
  Key key;
  key << match.destination_subnets << match.port << match.source_subnet << match.source_labels
      << match.gateways << match.source_namespace;
  return std::move(key).text();
}

std::string keyOf(const TlsMatch& match) {
  Key key;
  key << match.sni_hosts << match.destination_subnets << match.port << match.source_labels
      << match.gateways << match.source_namespace;
  return std::move(key).text();
}

/// Walks the rules of one list in order, and reports what comes too late.
class Rules {
 public:
  Rules(FieldPath path, Findings& findings) : path_(std::move(path)), findings_(findings) {}

  /// Returns the matches that are in no earlier place.
  template <typename Route>
  std::vector<MatchPlace> visit(const std::vector<Route>& routes) {
    bool seen_catch_all = false;
    for (size_t i = 0; i < routes.size(); ++i) {
      if (seen_catch_all) {
        unreachable(i, "an earlier rule has no match and takes everything");
      } else if (routes[i].match.empty()) {
        seen_catch_all = true;
      } else {
        visitMatches(routes[i].match, i);
      }
    }
    return std::move(first_places_);
  }

 private:
  template <typename Match>
  void visitMatches(const std::vector<Match>& matches, size_t rule) {
    size_t repeated = 0;
    for (size_t i = 0; i < matches.size(); ++i) {
      const auto [first, is_new] = first_rules_.try_emplace(keyOf(matches[i]), rule);
      if (is_new) {
        first_places_.push_back({rule, i});
        continue;
      }
      ++repeated;
      findings_.info(code::kIstioIneffectiveMatch, (path_[rule] / "match")[i],
                     fmt::format("is in {} already", path_[first->second].shown()), "remove it");
    }
    if (repeated == matches.size()) unreachable(rule, "earlier rules have all of its matches");
  }

  void unreachable(size_t rule, const char* reason) {
    findings_.warning(code::kIstioUnreachableRule, path_[rule],
                      fmt::format("no request reaches this rule: {}", reason),
                      "move it up, or remove it");
  }

  FieldPath path_;
  Findings& findings_;
  std::unordered_map<std::string, size_t> first_rules_;  ///< by match
  std::vector<MatchPlace> first_places_;
};

}  // namespace

void checkReachability(const VirtualService& resource, const FieldPath& spec, Findings& findings) {
  const auto matches = Rules(spec / "http", findings).visit(resource.http);
  checkCoveredPrefixes(resource.http, matches, spec / "http", findings);
  Rules(spec / "tcp", findings).visit(resource.tcp);
  Rules(spec / "tls", findings).visit(resource.tls);
}

}  // namespace sluice::source
