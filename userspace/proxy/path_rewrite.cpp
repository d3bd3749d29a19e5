// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/path_rewrite.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "userspace/proxy/http1/chars.h"
#include "userspace/routing/normalize_path.h"

namespace sluice::proxy {

namespace {

constexpr size_t kWholePath = std::string::npos;

size_t matchedBytes(const routing::RequestMatch& match) {
  if (!match.uri) return 1;
  return match.uri->kind == StringMatch::Kind::kPrefix ? match.uri->value.size() : kWholePath;
}

/// A rule for each match of `rule`.
std::vector<routing::Rule> singleMatches(const routing::Rule& rule) {
  std::vector<routing::Rule> rules;
  for (const auto& match : rule.matches) rules.emplace_back().matches.push_back(match);
  return rules;
}

}  // namespace

std::string normalizedTarget(std::string_view target) {
  std::string storage;
  std::string result(routing::normalizePath(target, storage));
  const auto whole = target.substr(0, target.find('#'));
  const size_t query = whole.find('?');
  if (query != whole.npos) result.append(whole.substr(query));
  return result;
}

std::string escapedTarget(std::string_view target, bool fragment_allowed) {
  std::string out;
  for (const char c : target) {
    if (http1::is(http1::kTargetByte, c) || (c == '#' && fragment_allowed))
      out += c;
    else
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<uint8_t>(c));
  }
  return out.empty() ? "/" : out;
}

Result<PathRewrite> PathRewrite::ofMatched(const routing::Rule& rule, std::string replacement) {
  PathRewrite rewrite;
  rewrite.replacement_ = std::move(replacement);
  for (const auto& match : rule.matches) rewrite.matched_.push_back(matchedBytes(match));
  if (rewrite.matched_.empty()) rewrite.matched_.push_back(1);
  const auto differs = [&](size_t bytes) { return bytes != rewrite.matched_.front(); };
  if (std::ranges::none_of(rewrite.matched_, differs)) return rewrite;
  auto which = routing::Matcher::compile(singleMatches(rule));
  if (!which) return std::move(which).error();
  rewrite.which_ = *std::move(which);
  return rewrite;
}

Result<PathRewrite> PathRewrite::ofRegex(const RegexRewrite& regex) {
  PathRewrite rewrite;
  rewrite.replacement_ = regex.rewrite;
  rewrite.regex_ = std::make_shared<const RE2>(regex.match, RE2::Quiet);
  if (!rewrite.regex_->ok())
    return Error(Error::Code::kInvalid, "uriRegexRewrite.match: " + rewrite.regex_->error());
  return rewrite;
}

std::string PathRewrite::withoutMatched(std::string_view path,
                                        const routing::RequestView& request) const {
  const size_t match = which_ ? which_->firstMatch(request).value_or(0) : 0;
  return std::string(path.substr(std::min(path.size(), matched_[match])));
}

std::string PathRewrite::apply(std::string_view target, const routing::RequestView& request) const {
  const auto path = target.substr(0, target.find('?'));
  const auto query = target.substr(path.size());
  std::string result;
  if (regex_) {
    result = path;
    RE2::GlobalReplace(&result, *regex_, replacement_);
  } else {
    result = replacement_ + withoutMatched(path, request);
  }
  return escapedTarget(result.append(query));
}

}  // namespace sluice::proxy
