// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/delegates.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "userspace/routing/names.h"

namespace sluice::routing {
namespace {

using Conditions = std::map<std::string, StringMatch>;

/// Whether everything that `leaf` accepts is accepted by `root`, as far as Istio looks
/// (stringMatchConflict): equal texts, or a prefix of what the leaf wants. A regular expression and
/// a mere presence are never inside anything, nor is anything inside them.
bool liesInside(const StringMatch& root, const StringMatch& leaf) {
  using Kind = StringMatch::Kind;
  if (root.value.empty() || leaf.value.empty()) return false;
  if (root.kind == Kind::kExact) return leaf.kind == Kind::kExact && leaf.value == root.value;
  const bool comparable = leaf.kind == Kind::kExact || leaf.kind == Kind::kPrefix;
  return root.kind == Kind::kPrefix && comparable && leaf.value.starts_with(root.value);
}

bool conflict(const std::optional<StringMatch>& root, const std::optional<StringMatch>& leaf) {
  return root && leaf && !liesInside(*root, *leaf);
}

bool conflict(const Conditions& root, const Conditions& leaf) {
  return std::any_of(leaf.begin(), leaf.end(), [&](const auto& condition) {
    const auto wanted = root.find(condition.first);
    return wanted != root.end() && !liesInside(wanted->second, condition.second);
  });
}

bool labelsConflict(const Labels& root, const Labels& leaf) {
  return std::any_of(leaf.begin(), leaf.end(), [&](const auto& label) {
    const auto wanted = root.find(label.first);
    return wanted != root.end() && wanted->second != label.second;
  });
}

bool gatewaysConflict(const std::vector<std::string>& root, const std::vector<std::string>& leaf) {
  if (root.empty() || leaf.empty()) return false;
  if (leaf.size() > root.size()) return true;
  const std::set<std::string> known(root.begin(), root.end());
  return std::any_of(leaf.begin(), leaf.end(),
                     [&](const auto& gateway) { return !known.contains(gateway); });
}

bool requestsConflict(const HttpMatchRequest& root, const HttpMatchRequest& leaf) {
  return conflict(root.uri, leaf.uri) || conflict(root.scheme, leaf.scheme) ||
         conflict(root.method, leaf.method) || conflict(root.authority, leaf.authority) ||
         conflict(root.headers, leaf.headers) ||
         conflict(root.without_headers, leaf.without_headers) ||
         conflict(root.query_params, leaf.query_params) ||
         root.ignore_uri_case != leaf.ignore_uri_case;
}

bool sourcesConflict(const HttpMatchRequest& root, const HttpMatchRequest& leaf) {
  if (root.port && leaf.port && *root.port != *leaf.port) return true;
  // Istio: a root that names a namespace wants the leaf to name it, too.
  if (!root.source_namespace.empty() && root.source_namespace != leaf.source_namespace) return true;
  return labelsConflict(root.source_labels, leaf.source_labels) ||
         gatewaysConflict(root.gateways, leaf.gateways);
}

std::string joinNames(const std::string& root, const std::string& leaf) {
  if (leaf.empty() || root.empty()) return leaf.empty() ? root : leaf;
  return root + "-" + leaf;
}

template <typename Optional>
void inherit(Optional& own, const Optional& from) {
  if (!own) own = from;
}

HttpMatchRequest mergeMatch(const HttpMatchRequest& root, const HttpMatchRequest& leaf) {
  auto merged = leaf;
  merged.name = joinNames(root.name, leaf.name);
  inherit(merged.uri, root.uri);
  inherit(merged.scheme, root.scheme);
  inherit(merged.method, root.method);
  inherit(merged.authority, root.authority);
  inherit(merged.port, root.port);
  merged.headers.insert(root.headers.begin(), root.headers.end());
  merged.without_headers.insert(root.without_headers.begin(), root.without_headers.end());
  merged.query_params.insert(root.query_params.begin(), root.query_params.end());
  merged.source_labels.insert(root.source_labels.begin(), root.source_labels.end());
  if (merged.source_namespace.empty()) merged.source_namespace = root.source_namespace;
  if (merged.gateways.empty()) merged.gateways = root.gateways;
  if (merged.stat_prefix.empty()) merged.stat_prefix = root.stat_prefix;
  return merged;
}

/// Gives a delegate's rule what it does not say itself.
class Inheritance {
 public:
  Inheritance(HttpRoute& merged, const HttpRoute& root) : merged_(merged), root_(root) {}

  void actions() {
    take("rewrite", merged_.rewrite, root_.rewrite);
    take("directResponse", merged_.direct_response, root_.direct_response);
    take("timeout", merged_.timeout, root_.timeout);
    take("retries", merged_.retries, root_.retries);
    take("fault", merged_.fault, root_.fault);
    take("corsPolicy", merged_.cors_policy, root_.cors_policy);
    take("headers", merged_.headers, root_.headers);
  }

  /// A root's mirrors are named from the root's namespace, wherever the rule stands that inherits.
  void mirrors(const std::string& root_namespace, const std::string& domain) {
    const auto complete = [&](auto& destination) {
      if (destination) destination->host = fullHost(destination->host, root_namespace, domain);
    };
    if (take("mirror", merged_.mirror, root_.mirror)) complete(merged_.mirror);
    if (take("mirrors", merged_.mirrors, root_.mirrors))
      for (auto& mirror : merged_.mirrors) complete(mirror.destination);
    inherit(merged_.mirror_percent, root_.mirror_percent);
    inherit(merged_.mirror_percentage, root_.mirror_percentage);
  }

  /// The fields that came from the root.
  std::vector<std::string> fields() && { return std::move(fields_); }

 private:
  template <typename T>
  bool take(const char* field, T& own, const T& from) {
    if (!(own == T()) || from == T()) return false;
    own = from;
    fields_.emplace_back(field);
    return true;
  }

  HttpRoute& merged_;
  const HttpRoute& root_;
  std::vector<std::string> fields_;
};

/// Replaces the rules of one root by what its delegates say.
class Merger {
 public:
  Merger(const std::shared_ptr<const VirtualService>& root, const FindDelegate& find,
         const std::string& domain)
      : root_(root),
        find_(find),
        domain_(domain),
        pairs_left_(kMaxDelegatedMatches / std::max<size_t>(root->hosts.size(), 1)) {}

  DelegatedRules merge() && {
    for (size_t i = 0; i < root_->http.size(); ++i) {
      const auto& rule = root_->http[i];
      const auto index = static_cast<int>(i);
      if (rule.delegate)
        addDelegate(rule, index);
      else
        result_.rules.push_back({{root_, &rule}, index, {}});
    }
    return std::move(result_);
  }

 private:
  void addDelegate(const HttpRoute& rule, int index) {
    const auto& in = rule.delegate->namespace_;
    const auto key = (in.empty() ? root_->metadata.namespace_ : in) + "/" + rule.delegate->name;
    std::string why;
    const auto leaf = find_(key, root_->metadata.namespace_, why);
    if (!leaf) {
      result_.dropped.push_back({index, rule.name, why});
      return;
    }
    if (!affords(rule, *leaf)) {
      result_.dropped.push_back({index, rule.name,
                                 "with it, rules and delegates have more than " +
                                     std::to_string(kMaxDelegatedMatches) +
                                     " pairs of matches and destinations for all hosts"});
      return;
    }
    for (size_t i = 0; i < leaf->http.size(); ++i)
      addLeafRule({rule, index}, leaf->http[i], static_cast<int>(i), key);
  }

  /// Whether `rule` may be merged with the rules of `leaf`, which then is counted.
  bool affords(const HttpRoute& rule, const VirtualService& leaf) {
    size_t left = pairs_left_;
    for (const auto& inner : leaf.http) {
      const auto weight = mergedWeight(rule, inner);
      if (weight > left) return false;
      left -= weight;
    }
    pairs_left_ = left;
    return true;
  }

  struct RootRule {
    const HttpRoute& rule;
    int index;
  };

  void addLeafRule(const RootRule& at, const HttpRoute& leaf, int index, const std::string& key) {
    const HttpRoute& root = at.rule;
    auto merged = std::make_shared<HttpRoute>(leaf);
    merged->name = joinNames(root.name, leaf.name);
    std::string conflict_text =
        "its match does not lie inside that of the rule that delegates to it";
    if (leaf.delegate) conflict_text = "a delegate cannot delegate";
    if (leaf.delegate || !mergeMatches(root.match, leaf.match, merged->match)) {
      result_.dropped.push_back({index, merged->name, conflict_text, key});
      return;
    }
    auto inherited = complete(*merged, at);
    result_.rules.push_back({std::move(merged), index, key, std::move(inherited)});
  }

  Rare<Inherited> complete(HttpRoute& merged, const RootRule& at) const {
    Inheritance inheritance(merged, at.rule);
    inheritance.actions();
    inheritance.mirrors(root_->metadata.namespace_, domain_);
    auto fields = std::move(inheritance).fields();
    if (fields.empty()) return {};
    return Inherited{at.index, std::move(fields)};
  }

  const std::shared_ptr<const VirtualService>& root_;
  const FindDelegate& find_;
  const std::string& domain_;
  size_t pairs_left_;
  DelegatedRules result_;
};

}  // namespace

size_t mergedWeight(const HttpRoute& root, const HttpRoute& leaf) {
  const auto pairs =
      std::max<size_t>(root.match.size(), 1) * std::max<size_t>(leaf.match.size(), 1);
  return pairs + leaf.route.size();
}

bool mergeMatches(const std::vector<HttpMatchRequest>& root,
                  const std::vector<HttpMatchRequest>& leaf,
                  std::vector<HttpMatchRequest>& merged) {
  if (root.empty() || leaf.empty()) {
    merged = root.empty() ? leaf : root;
    return true;
  }
  std::vector<HttpMatchRequest> result;
  for (const auto& inner : leaf) {
    const auto before = result.size();
    for (const auto& outer : root)
      if (!requestsConflict(outer, inner) && !sourcesConflict(outer, inner))
        result.push_back(mergeMatch(outer, inner));
    if (result.size() == before) return false;
  }
  merged = std::move(result);
  return true;
}

DelegatedRules delegatedRules(const std::shared_ptr<const VirtualService>& root,
                              const FindDelegate& find, const std::string& cluster_domain) {
  return Merger(root, find, cluster_domain).merge();
}

}  // namespace sluice::routing
