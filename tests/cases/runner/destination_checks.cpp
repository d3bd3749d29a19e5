// SPDX-License-Identifier: Apache-2.0
// Where requests go: `action`, and the keys that belong to it.
#include <algorithm>
#include <cmath>

#include "tests/cases/runner/checks.h"
#include "tests/cases/runner/yaml_json.h"

namespace sluice::test {
namespace {

using nlohmann::json;

std::string summary(const Exchange& exchange) {
  if (!exchange.served_by.empty())
    return fmt::format("{} from {}", exchange.status, exchange.served_by);
  if (exchange.status != 0) return fmt::format("{} from the data plane", exchange.status);
  if (!exchange.error.empty()) return exchange.error;
  return exchange.body.empty() ? "closed without an answer" : "bytes from nobody";
}

std::string joined(const Addresses& addresses) {
  std::string text;
  for (const auto& address : addresses) text += (text.empty() ? "" : " ") + address.text();
  return text.empty() ? "nobody" : text;
}

/// The first exchange that is not as wanted is told, and how many there are.
template <typename Wanted>
void expectEach(Evidence& evidence, const Wanted& wanted, const std::string& should_be) {
  const auto& all = evidence.outcome.exchanges;
  const auto wrong = std::ranges::count_if(all, [&](const auto& one) { return !wanted(one); });
  if (wrong == 0) return;
  const auto first = std::ranges::find_if(all, [&](const auto& one) { return !wanted(one); });
  evidence.problem("{} of {}: {}, should be {}", wrong, all.size(), summary(*first), should_be);
}

Addresses addressesOf(const json& list) {
  Addresses addresses;
  for (const auto& item : list) {
    const auto text = scalarText(item);
    auto ip = IpAddress::parse(text.substr(0, text.rfind(':')));
    if (ip.ok())
      addresses.insert({*ip, static_cast<uint16_t>(std::stoi(text.substr(text.rfind(':') + 1)))});
  }
  return addresses;
}

/// Who may answer when requests are forwarded.
Addresses allowed(const Evidence& evidence) {
  const auto& expect = evidence.test.expect;
  if (expect.contains("endpoints")) return addressesOf(expect.at("endpoints"));
  return evidence.world.backendsOf(expect.value("host", ""), expect.value("port", uint16_t{0}),
                                   expect.value("subset", ""));
}

void forwarded(Evidence& evidence) {
  Addresses addresses = allowed(evidence);
  const auto is_one = [&](const Exchange& exchange) {
    return std::ranges::any_of(
        addresses, [&](const auto& address) { return address.text() == exchange.served_by; });
  };
  expectEach(evidence, is_one, joined(addresses));
  if (!evidence.test.expect.contains("endpoints") || !evidence.test.request.contains("count"))
    return;
  const auto tally = tallyOf(evidence.outcome);
  for (const auto& address : addresses)
    if (!tally.contains(address.text()))
      evidence.problem("{} got nothing, should get a part", address.text());
}

void local(Evidence& evidence) {
  expectEach(
      evidence,
      [](const Exchange& exchange) { return exchange.status != 0 && exchange.served_by.empty(); },
      "an answer from the data plane");
}

void passedThrough(Evidence& evidence) {
  const auto to = evidence.test.expect.value("to", evidence.outcome.called.text());
  expectEach(evidence, [&](const Exchange& exchange) { return exchange.served_by == to; }, to);
}

void refused(Evidence& evidence) {
  expectEach(
      evidence,
      [](const Exchange& exchange) { return exchange.status == 0 && exchange.body.empty(); },
      "no answer at all");
}

void sameEndpoint(Evidence& evidence) {
  const auto tally = tallyOf(evidence.outcome);
  if (tally.size() != 1 || tally.contains(""))
    evidence.problem("{} different answerers, should be one", tally.size());
}

void spread(Evidence& evidence) {
  const auto tally = tallyOf(evidence.outcome);
  if (tally.size() < 2 || tally.contains(""))
    evidence.problem("{} different answerers, should be several", tally.size());
}

void expectShare(Evidence& evidence, const std::string& what, size_t count, double share) {
  const double is =
      static_cast<double>(count) / static_cast<double>(evidence.outcome.exchanges.size());
  const double tolerance = evidence.test.expect.value("tolerance", 0.0);
  if (std::abs(is - share) > tolerance)
    evidence.problem("share of {}: {:.4f}, should be {} ± {}", what, is, share, tolerance);
}

/// Members of a share's name: an address, or a subset.
bool belongsTo(const Evidence& evidence, const std::string& name, const std::string& served_by) {
  if (IpAddress::parse(name).ok()) return served_by.starts_with(name + ":");
  const auto members = evidence.world.subset(name);
  return std::ranges::any_of(members,
                             [&](const auto& member) { return member.text() == served_by; });
}

void split(Evidence& evidence) {
  const auto tally = tallyOf(evidence.outcome);
  size_t known = 0;
  for (const auto& [name, share] : evidence.test.expect.at("shares").items()) {
    size_t count = 0;
    for (const auto& [served_by, answers] : tally)
      if (belongsTo(evidence, name, served_by)) count += answers;
    expectShare(evidence, name, count, share);
    known += count;
  }
  if (known != evidence.outcome.exchanges.size())
    evidence.problem("{} of {} answers from others", evidence.outcome.exchanges.size() - known,
                     evidence.outcome.exchanges.size());
}

/// `status_NNN`, `delayed`, `delayed_and_NNN`: the share of answers of that kind.
bool isKind(const Evidence& evidence, const std::string& kind, const Exchange& exchange) {
  constexpr std::string_view kDelayed = "delayed";
  const auto is_status = [&](std::string_view prefix) {
    return kind == std::string(prefix) + std::to_string(exchange.status);
  };
  if (kind.starts_with("status_")) return is_status("status_");
  const auto delay = evidence.world.faultDelay();
  if (!delay || exchange.took_ms < static_cast<double>(delay->count())) return false;
  return kind == kDelayed || is_status("delayed_and_");
}

bool isShareKey(const std::string& key) {
  return key.starts_with("status_") || key == "delayed" || key.starts_with("delayed_and_");
}

void shares(Evidence& evidence) {
  for (const auto& [key, share] : evidence.test.expect.items()) {
    if (!isShareKey(key)) continue;
    const auto count = std::ranges::count_if(
        evidence.outcome.exchanges, [&](const auto& one) { return isKind(evidence, key, one); });
    expectShare(evidence, key, static_cast<size_t>(count), share);
  }
}

/// Times at which the endpoint has answered, in their order.
std::vector<double> answersOf(const Evidence& evidence, const std::string& endpoint) {
  std::vector<double> times;
  for (const auto& exchange : evidence.outcome.exchanges)
    if (exchange.served_by == endpoint) times.push_back(exchange.ended_ms);
  return times;
}

/// Requests came one after the other, and went on until the endpoint was back (Traffic::back_from).
void ejected(Evidence& evidence) {
  const auto& expect = evidence.test.expect;
  const size_t errors = expect.at("after_consecutive");
  const double pause = expect.at("back_after_ms");
  const auto times = answersOf(evidence, expect.at("endpoint"));
  if (times.size() != errors + 1)
    return evidence.problem("{} answers of the endpoint, should be {} and one when it is back",
                            times.size(), errors);
  const double away = times[errors] - times[errors - 1];
  if (away < pause)
    evidence.problem("back after {:.0f} ms, should be {:.0f} at least", away, pause);
}

void action(Evidence& evidence, const json& expected) {
  static const std::map<std::string, void (*)(Evidence&)> kActions = {
      {"forward", forwarded},
      {"local", local},
      {"redirect", local},
      {"passthrough", passedThrough},
      {"refuse", refused},
      {"split", split},
      {"same-endpoint", sameEndpoint},
      {"spread", spread},
      {"shares", shares},
      {"eject", ejected}};
  const auto found = kActions.find(expected);
  if (found == kActions.end())
    return evidence.problem("the runner cannot check action {}", expected.get<std::string>());
  found->second(evidence);
}

/// Read by what checks the action.
void ofAction(Evidence&, const json&) {}

void shareOfAction(Evidence& evidence, const json&) {
  if (evidence.test.expect.value("action", "") != "shares")
    evidence.problem("a share needs action shares");
}

}  // namespace

std::map<std::string, size_t> tallyOf(const Outcome& outcome) {
  std::map<std::string, size_t> tally;
  for (const auto& exchange : outcome.exchanges) ++tally[exchange.served_by];
  return tally;
}

const Checks& destinationChecks() {
  static const Checks kChecks = [] {
    Checks checks = {{"action", action}};
    for (const char* key :
         {"host", "subset", "port", "endpoints", "to", "shares", "tolerance", "per",
          "response_from", "endpoint", "after_consecutive", "back_after_ms"})
      checks[key] = ofAction;
    checks["delayed"] = shareOfAction;
    for (int status = 100; status < 600; ++status) {
      checks["status_" + std::to_string(status)] = shareOfAction;
      checks["delayed_and_" + std::to_string(status)] = shareOfAction;
    }
    return checks;
  }();
  return kChecks;
}

}  // namespace sluice::test
