// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/validate_headers.h"

#include <algorithm>

#include "userspace/source/validate_common.h"

namespace sluice::source {
namespace {

/// Reads the variables of a header value as Envoy's header parser does.
class Format {
 public:
  explicit Format(std::string_view text) : rest_(text) {}

  bool isWellFormed() {
    while (!rest_.empty()) {
      if (take() != '%') continue;
      if (next() == '%') {
        take();
      } else if (!variable()) {
        return false;
      }
    }
    return true;
  }

 private:
  /// `NAME%` or `NAME(arguments)%`.
  bool variable() {
    while (!rest_.empty()) {
      const char c = take();
      if (c == '%') return true;
      if (c == '(') return arguments() && takeAfterSpaces('%');
    }
    return false;
  }

  /// `["a", "b"])` or `free text)`, which has at least one character.
  bool arguments() {
    skipSpaces();
    if (rest_.empty()) return false;
    const bool list = take() == '[';
    if (list && !takeAfterSpaces('"')) return false;
    return string();
  }

  /// To the end of the arguments; a quote ends one of a list.
  bool string() {
    while (!rest_.empty()) {
      const char c = take();
      if (c == ')') return true;
      if (c == '\\') {
        if (rest_.empty()) return false;
        take();
      } else if (c == '"') {
        if (takeAfterSpaces(']')) return takeAfterSpaces(')');
        if (!takeAfterSpaces(',') || !takeAfterSpaces('"')) return false;
      }
    }
    return false;
  }

  /// Leaves everything but spaces alone when something else follows.
  bool takeAfterSpaces(char wanted) {
    skipSpaces();
    if (next() != wanted) return false;
    take();
    return true;
  }

  void skipSpaces() {
    while (next() == ' ') take();
  }
  char next() const { return rest_.empty() ? '\0' : rest_.front(); }
  char take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  std::string_view rest_;
};

/// RFC 9110 §5.5: of control characters only the tab is allowed.
bool isControl(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7f;
}

bool isHost(std::string_view name) { return equalIgnoringCase(name, "host"); }
bool isAuthority(std::string_view name) {
  return isHost(name) || equalIgnoringCase(name, ":authority");
}

/// Istio: ValidateHTTPHeaderOperationName. Istio hands on what is no token; such a line would be
/// read as something else upstream, so it is refused here.
Complaint checkOperationName(std::string_view name) {
  if (isHost(name)) return "can be set on requests only";
  if (name.starts_with(':')) return "is a pseudo header, which cannot be changed";
  return checkHeaderName(name);
}

/// Istio: ValidateHTTPHeaderWithAuthorityOperationName.
Complaint checkNameToWriteOnRequest(std::string_view name) {
  if (isAuthority(name)) return std::nullopt;
  return checkOperationName(name);
}

using NameRule = Complaint (*)(std::string_view);

void checkValues(const std::map<std::string, std::string>& headers, NameRule check_name,
                 const FieldPath& path, Findings& findings) {
  for (const auto& [name, value] : headers) {
    reportInvalid(findings, path.entry(name), name, check_name(name), hint::kHeaderName);
    reportInvalid(findings, path.entry(name), value, checkHeaderValue(value),
                  "write the value, with %% for each percent sign");
  }
}

void checkOperations(const HeaderOperations& operations, NameRule check_written,
                     const FieldPath& path, Findings& findings) {
  checkValues(operations.set, check_written, path / "set", findings);
  checkValues(operations.add, check_written, path / "add", findings);
  const FieldPath remove = (path / "remove").asWhole();
  for (size_t i = 0; i < operations.remove.size(); ++i) {
    const std::string& name = operations.remove[i];
    reportInvalid(findings, remove[i], name, checkOperationName(name), hint::kHeaderName);
  }
}

size_t countAuthorities(const std::map<std::string, std::string>& headers) {
  return static_cast<size_t>(
      std::ranges::count_if(headers, [](const auto& entry) { return isAuthority(entry.first); }));
}

}  // namespace

void checkHeaders(const Headers& headers, const FieldPath& path, Findings& findings) {
  checkOperations(headers.request, checkNameToWriteOnRequest, path / "request", findings);
  checkOperations(headers.response, checkOperationName, path / "response", findings);
}

void checkAuthoritySetOnce(const HttpRoute& route, const FieldPath& path, Findings& findings) {
  const size_t rewritten = route.rewrite && !route.rewrite->authority.empty() ? 1 : 0;
  const HeaderOperations& request = route.headers->request;
  if (rewritten + countAuthorities(request.set) + countAuthorities(request.add) < 2) return;
  findings.invalid(path, "the authority of requests is set more than once",
                   "keep one of rewrite.authority and the header operations on Host");
}

Complaint checkHeaderValue(std::string_view value) {
  if (std::ranges::any_of(value, isControl)) return "has a control character";
  if (Format(value).isWellFormed()) return std::nullopt;
  return "is no format: %NAME% stands for a value, a percent sign is written %%";
}

}  // namespace sluice::source
