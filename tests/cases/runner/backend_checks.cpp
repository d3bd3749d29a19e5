// SPDX-License-Identifier: Apache-2.0
// What the backends see.
#include <algorithm>
#include <cmath>

#include "tests/cases/runner/checks.h"
#include "tests/cases/runner/expected_requests.h"
#include "tests/cases/runner/yaml_json.h"

namespace sluice::test {
namespace {

using nlohmann::json;

HttpHeaders headersOf(const json& head) {
  HttpHeaders headers;
  for (const auto& field : head.at("headers")) headers.emplace_back(field.at(0), field.at(1));
  return headers;
}

/// Calls `check` with each recorded head of a request whose answer the client has got: not those
/// of copies.
template <typename Visit>
void eachHead(Evidence& evidence, const Visit& visit) {
  const auto tally = tallyOf(evidence.outcome);
  bool any = false;
  for (const auto& head : evidence.outcome.backends.at("heads")) {
    if (!tally.contains(head.at("endpoint").get<std::string>())) continue;
    any = true;
    visit(head);
  }
  if (!any) evidence.problem("no request has come to a backend that has answered");
}

void upstreamPath(Evidence& evidence, const json& expected) {
  eachHead(evidence, [&](const json& head) {
    if (head.at("target") != expected)
      evidence.problem("upstream path: {}, should be {}", scalarText(head.at("target")),
                       scalarText(expected));
  });
}

void expectField(Evidence& evidence, const std::string& name, const std::string& value) {
  eachHead(evidence, [&](const json& head) {
    const auto found = fieldOf(headersOf(head), name).value_or("(absent)");
    if (found != value)
      evidence.problem("upstream {}: \"{}\", should be \"{}\"", name, found, value);
  });
}

void upstreamHeaders(Evidence& evidence, const json& expected) {
  for (const auto& [name, value] : expected.items()) expectField(evidence, name, scalarText(value));
}

void upstreamHeadersAbsent(Evidence& evidence, const json& expected) {
  for (const auto& name : expected) expectField(evidence, scalarText(name), "(absent)");
}

void upstreamHostHeader(Evidence& evidence, const json& expected) {
  expectField(evidence, "host", scalarText(expected));
}

void upstreamRequests(Evidence& evidence, const json& expected) {
  const auto& requests = evidence.outcome.backends.at("requests");
  if (requests != expected)
    evidence.problem("{} requests upstream, should be {}", requests.dump(), expected.dump());
}

void upstreamConnectAttempts(Evidence& evidence, const json& expected) {
  uint64_t attempts = 0;
  for (const auto& count : evidence.outcome.backends.at("attempts"))
    attempts += count.get<uint64_t>();
  if (json(attempts) != expected)
    evidence.problem("{} connections tried, should be {}", attempts, expected.dump());
}

void differentEndpoint(Evidence& evidence, const json& expected) {
  const auto& attempts = evidence.outcome.backends.at("attempts");
  const bool different =
      std::ranges::all_of(attempts, [](const json& count) { return count == json(1); });
  if (json(different) != expected)
    evidence.problem("connections were tried at {}", attempts.dump());
}

/// Requests at the backends of `host` that no client has got the answer of.
uint64_t copiesAt(const Evidence& evidence, const std::string& host) {
  const auto tally = tallyOf(evidence.outcome);
  const auto& counts = evidence.outcome.backends.at("byEndpoint");
  uint64_t copies = 0;
  for (const auto& address : evidence.world.backendsOf(host)) {
    const auto answered = tally.find(address.text());
    copies += counts.value(address.text(), uint64_t{0}) -
              (answered == tally.end() ? 0 : answered->second);
  }
  return copies;
}

void mirrors(Evidence& evidence, const json&) {
  for (const auto& mirror : expectedMirrors(evidence.test.expect)) {
    const auto copies = copiesAt(evidence, mirror.host);
    const double share =
        static_cast<double>(copies) / static_cast<double>(evidence.outcome.exchanges.size());
    if (std::abs(share - mirror.share) > mirror.tolerance + 1e-9)
      evidence.problem("share of copies to {}: {:.4f}, should be {}", mirror.host, share,
                       mirror.share);
  }
}

}  // namespace

const Checks& backendChecks() {
  static const Checks kChecks = {{"upstream_path", upstreamPath},
                                 {"upstream_headers", upstreamHeaders},
                                 {"upstream_headers_absent", upstreamHeadersAbsent},
                                 {"upstream_host_header", upstreamHostHeader},
                                 {"upstream_requests", upstreamRequests},
                                 {"upstream_connect_attempts", upstreamConnectAttempts},
                                 {"different_endpoint", differentEndpoint},
                                 {"mirrored_to", mirrors},
                                 {"mirrors", mirrors}};
  return kChecks;
}

}  // namespace sluice::test
