// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/request_hash.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "userspace/balance/hash.h"
#include "userspace/proxy/http1/chars.h"

namespace sluice::proxy {
namespace {

using routing::RequestView;

std::optional<uint64_t> headerHash(const std::string& name, const RequestView& request) {
  std::vector<std::string_view> values;
  for (const auto& field : request.headers)
    if (http1::equalsIgnoringCase(field.name, name)) values.push_back(field.value);
  if (values.empty()) return std::nullopt;
  std::ranges::sort(values);
  uint64_t hash = 0;
  for (const auto value : values) hash = balance::hash64(value, hash);
  return hash;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// RFC 6265 §4.1.1: a value may stand in quotes.
std::string_view unquoted(std::string_view value) {
  const bool quoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
  return quoted ? value.substr(1, value.size() - 2) : value;
}

/// Calls `visit` with the name and the value of each "name=value" until it answers true.
template <typename Visit>
void eachPair(std::string_view text, char separator, const Visit& visit) {
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    const auto pair = text.substr(0, end);
    const auto equals = std::min(pair.find('='), pair.size());
    if (visit(pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size())))) return;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string_view cookieIn(const RequestView& request, const std::string& name) {
  std::string_view found;
  for (const auto& field : request.headers) {
    if (!http1::equalsIgnoringCase(field.name, "cookie")) continue;
    eachPair(field.value, ';', [&](std::string_view key, std::string_view value) {
      if (trimmed(key) == name) found = unquoted(trimmed(value));
      return !found.empty();
    });
    if (!found.empty()) break;
  }
  return found;
}

std::string_view parameterIn(std::string_view target, const std::string& name) {
  std::string_view found;
  const auto query = std::min(target.find('?'), target.size());
  eachPair(target.substr(std::min(query + 1, target.size())), '&',
           [&](std::string_view key, std::string_view value) {
             if (key != name) return false;
             found = value;
             return true;
           });
  return found;
}

std::optional<uint64_t> hashOf(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return balance::hash64(text);
}

}  // namespace

std::optional<uint64_t> requestHash(const ConsistentHash& key, const RequestView& request) {
  if (!key.http_header_name.empty()) return headerHash(key.http_header_name, request);
  if (key.http_cookie) return hashOf(cookieIn(request, key.http_cookie->name));
  if (!key.http_query_parameter_name.empty())
    return hashOf(parameterIn(request.target, key.http_query_parameter_name));
  return std::nullopt;
}

MadeCookie makeCookie(const HttpCookie& cookie, std::string_view seed) {
  const auto value = fmt::format("{:016x}", balance::hash64(seed));
  MadeCookie made{balance::hash64(value), fmt::format("{}=\"{}\"", cookie.name, value)};
  auto out = std::back_inserter(made.field);
  const auto ttl = std::chrono::duration_cast<std::chrono::seconds>(*cookie.ttl).count();
  if (ttl > 0) fmt::format_to(out, "; Max-Age={}", ttl);
  if (!cookie.path.empty()) fmt::format_to(out, "; Path={}", cookie.path);
  for (const auto& [name, text] : cookie.attributes)
    fmt::format_to(out, "; {}{}{}", name, text.empty() ? "" : "=", text);
  fmt::format_to(out, "; HttpOnly");
  return made;
}

}  // namespace sluice::proxy
