// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/normalize_path.h"

#include <algorithm>

namespace sluice::routing {
namespace {

std::string_view withoutFragment(std::string_view target) {
  return target.substr(0, target.find('#'));
}

/// The absolute form of RFC 9112 §3.2.2 starts with a scheme; all other forms have none.
std::string_view withoutOrigin(std::string_view target) {
  if (target.starts_with('/')) return target;
  const auto scheme = target.find("://");
  if (scheme == std::string_view::npos) return target;
  const auto path = target.find_first_of("/?", scheme + 3);
  return path == std::string_view::npos || target[path] == '?' ? "/" : target.substr(path);
}

/// Nothing in it is resolved, turned round or decoded. One pass: it is asked for every request.
bool isPlain(std::string_view path) {
  char before = 0;
  for (const char c : path) {
    if (c == '%' || c == '\\' || (c == '.' && before == '/')) return false;
    before = c;
  }
  return true;
}

int hexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool isUnreserved(int c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

/// The unreserved character that path[at] and the two behind it escape; -1 for anything else.
int escapedAt(std::string_view path, size_t at) {
  if (path[at] != '%' || at + 2 >= path.size()) return -1;
  const int high = hexDigit(path[at + 1]);
  const int low = hexDigit(path[at + 2]);
  if (high < 0 || low < 0) return -1;
  const int c = high * 16 + low;
  return isUnreserved(c) ? c : -1;
}

void decode(std::string_view path, std::string& out) {
  out.clear();
  for (size_t at = 0; at < path.size(); ++at) {
    const int escaped = escapedAt(path, at);
    if (escaped >= 0) at += 2;
    const char c = escaped >= 0 ? static_cast<char>(escaped) : path[at];
    out.push_back(c == '\\' ? '/' : c);
  }
}

/// Removes dot segments in place (RFC 3986 §5.2.4); an empty segment counts as one.
void resolveDots(std::string& path) {
  size_t kept = 0;
  for (size_t at = 0; at < path.size();) {
    const auto end = std::min(path.find('/', at + 1), path.size());
    const auto segment = std::string_view(path).substr(at + 1, end - at - 1);
    const bool last = end == path.size();
    if (segment == "..") {
      const auto parent = kept == 0 ? std::string::npos : path.rfind('/', kept - 1);
      kept = parent == std::string::npos ? 0 : parent;
    }
    if (segment == "." || segment == "..") {
      if (last) path[kept++] = '/';
    } else {
      for (size_t i = at; i < end; ++i) path[kept++] = path[i];
    }
    at = end;
  }
  path.resize(kept);
}

}  // namespace

std::string_view normalizePath(std::string_view target, std::string& storage) {
  auto path = withoutOrigin(withoutFragment(target));
  path = path.substr(0, path.find('?'));
  if (!path.starts_with('/') || isPlain(path)) return path;
  decode(path, storage);
  resolveDots(storage);
  return storage;
}

std::string_view queryOf(std::string_view target) {
  target = withoutFragment(target);
  const auto mark = target.find('?');
  return mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
}

}  // namespace sluice::routing
