// SPDX-License-Identifier: Apache-2.0
// What the client sees, and what the access log says about it.
#include <strings.h>

#include <algorithm>
#include <set>

#include "tests/cases/runner/checks.h"
#include "tests/cases/runner/yaml_json.h"

namespace sluice::test {
namespace {

using nlohmann::json;

/// `is` of each exchange; only the first that is wrong is told.
template <typename Is>
void expectEach(Evidence& evidence, const char* what, const std::string& expected, const Is& is) {
  for (const auto& exchange : evidence.outcome.exchanges) {
    const std::string found = is(exchange);
    if (found == expected) continue;
    return evidence.problem("{}: \"{}\", should be \"{}\"", what, found, expected);
  }
}

void status(Evidence& evidence, const json& expected) {
  expectEach(evidence, "status", scalarText(expected),
             [](const Exchange& exchange) { return std::to_string(exchange.status); });
}

void body(Evidence& evidence, const json& expected) {
  expectEach(evidence, "body", scalarText(expected),
             [](const Exchange& exchange) { return exchange.body; });
}

void expectField(Evidence& evidence, const std::string& name, const std::string& value) {
  expectEach(evidence, name.c_str(), value, [&](const Exchange& exchange) {
    return fieldOf(exchange.headers, name).value_or("(absent)");
  });
}

void location(Evidence& evidence, const json& expected) {
  expectField(evidence, "location", scalarText(expected));
}

void grpcStatus(Evidence& evidence, const json& expected) {
  expectField(evidence, "grpc-status", scalarText(expected));
}

void responseHeaders(Evidence& evidence, const json& expected) {
  for (const auto& [name, value] : expected.items()) expectField(evidence, name, scalarText(value));
}

void responseHeadersAbsent(Evidence& evidence, const json& expected) {
  for (const auto& name : expected) expectField(evidence, scalarText(name), "(absent)");
}

std::set<std::string> elements(const std::string& text) {
  std::set<std::string> found;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    found.insert(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return found;
}

/// Of a line `[time] "METHOD target" status flags …`; a quote in the target is escaped there.
std::string flagsOf(const std::string& line) {
  const size_t request = line.find("] \"");
  const size_t end = line.find("\" ", request + 3);
  const size_t flags = line.find(' ', end + 2) + 1;
  return line.substr(flags, line.find(' ', flags) - flags);
}

void flag(Evidence& evidence, const json& expected) {
  if (evidence.outcome.log.empty()) return evidence.problem("no line in the access log");
  for (const auto& line : evidence.outcome.log)
    if (elements(flagsOf(line)) != elements(scalarText(expected)))
      return evidence.problem("flag: {}, should be {}", flagsOf(line), scalarText(expected));
}

void minMs(Evidence& evidence, const json& expected) {
  for (const auto& exchange : evidence.outcome.exchanges)
    if (exchange.took_ms < expected.get<double>())
      return evidence.problem("took {:.0f} ms, should be at least {}", exchange.took_ms,
                              scalarText(expected));
}

void maxMs(Evidence& evidence, const json& expected) {
  for (const auto& exchange : evidence.outcome.exchanges)
    if (exchange.took_ms > expected.get<double>())
      return evidence.problem("took {:.0f} ms, should be at most {}", exchange.took_ms,
                              scalarText(expected));
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  });
  return text;
}

/// "name" and "value", then the attributes in lower case; those without a value are "".
std::map<std::string, std::string> cookieParts(const std::string& field) {
  std::map<std::string, std::string> parts;
  for (size_t begin = 0; begin < field.size();) {
    const size_t end = std::min(field.find(';', begin), field.size());
    auto part = field.substr(begin, end - begin);
    part.erase(0, part.find_first_not_of(' '));
    const size_t equals = std::min(part.find('='), part.size());
    const auto value = part.substr(std::min(equals + 1, part.size()));
    if (begin == 0) {
      parts = {{"name", part.substr(0, equals)}, {"value", value}};
    } else {
      parts[lower(part.substr(0, equals))] = value;
    }
    begin = end + 1;
  }
  return parts;
}

void setCookie(Evidence& evidence, const json& expected) {
  static const std::map<std::string, std::string> kAttributes = {
      {"name", "name"},          {"max_age", "max-age"}, {"path", "path"},
      {"http_only", "httponly"}, {"secure", "secure"},   {"same_site", "samesite"},
      {"domain", "domain"}};
  for (const auto& exchange : evidence.outcome.exchanges) {
    const auto parts = cookieParts(fieldOf(exchange.headers, "set-cookie").value_or(""));
    for (const auto& [key, attribute] : kAttributes) {
      const auto wanted = expected.value(key, json());
      const auto found = parts.find(attribute);
      const bool wanted_at_all = !wanted.is_null() && wanted != json(false);
      if (wanted_at_all != (found != parts.end()))
        evidence.problem("set-cookie: {} should be {}", attribute,
                         wanted_at_all ? "there" : "absent");
      else if (wanted_at_all && !wanted.is_boolean() && found->second != scalarText(wanted))
        evidence.problem("set-cookie: {} is {}, should be {}", attribute, found->second,
                         scalarText(wanted));
    }
  }
}

void noSetCookie(Evidence& evidence, const json& expected) {
  if (expected == json(true)) expectField(evidence, "set-cookie", "(absent)");
}

}  // namespace

std::optional<std::string> fieldOf(const HttpHeaders& headers, std::string_view name) {
  std::optional<std::string> joined;
  for (const auto& [key, value] : headers)
    if (key.size() == name.size() && strncasecmp(key.data(), name.data(), name.size()) == 0)
      joined = joined ? *joined + "," + value : value;
  return joined;
}

const Checks& answerChecks() {
  static const Checks kChecks = {{"status", status},
                                 {"body", body},
                                 {"location", location},
                                 {"grpc_status", grpcStatus},
                                 {"response_headers", responseHeaders},
                                 {"response_headers_absent", responseHeadersAbsent},
                                 {"flag", flag},
                                 {"min_ms", minMs},
                                 {"max_ms", maxMs},
                                 {"set_cookie", setCookie},
                                 {"no_set_cookie", noSetCookie}};
  return kChecks;
}

}  // namespace sluice::test
