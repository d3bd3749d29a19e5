// SPDX-License-Identifier: Apache-2.0
#include "tests/cases/explain/compare.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "tests/cases/runner/yaml_json.h"

namespace sluice::test {
namespace {

using nlohmann::json;
using Shares = std::map<std::string, double>;

constexpr double kRounding = 0.0001;

/// "DI,FI" and "FI,DI" are the same; "-" is none.
std::set<std::string> flagsOf(std::string text) {
  std::set<std::string> flags;
  std::erase(text, '-');
  for (size_t from = 0; from < text.size();) {
    const auto comma = std::min(text.find(',', from), text.size());
    flags.insert(text.substr(from, comma - from));
    from = comma + 1;
  }
  return flags;
}

std::string hostOf(const std::string& address) { return address.substr(0, address.rfind(':')); }

class Comparison {
 public:
  Comparison(const json& expect, const json& answer) : expect_(expect), answer_(answer) {}

  std::vector<std::string> compare() && {
    const auto action = scalarText(expect_.at("action"));
    if (action == "forward") compareForwarded();
    if (action == "split") compareSplit();
    if (action == "local") compareLocal();
    if (action == "redirect") compareRedirect();
    if (action == "passthrough") comparePassthrough();
    if (action == "refuse") compareRefused();
    compareMirrors();
    return std::move(differences_);
  }

 private:
  void differ(const std::string& what, const std::string& wanted, const std::string& got) {
    differences_.push_back(what + ": expected " + wanted + ", explained " + got);
  }

  void compareText(const std::string& what, const std::string& wanted, const json& got) {
    const auto text = got.is_null() ? std::string() : scalarText(got);
    if (text != wanted) differ(what, "\"" + wanted + "\"", "\"" + text + "\"");
  }

  void compareIfExpected(const char* key, const json& got) {
    if (expect_.contains(key)) compareText(key, scalarText(expect_.at(key)), got);
  }

  void compareForwarded() {
    // Past the rules of the service whose address was called, to its endpoints.
    const bool passed = !expect_.contains("host") && answer_.at("action") == "passthrough";
    if (!passed) compareText("action", "route", answer_.at("action"));
    const auto& destinations = answer_.at("destinations");
    const auto fits = std::ranges::find_if(destinations, [&](const json& d) { return isMeant(d); });
    if (fits == destinations.end())
      return differ("destination", expect_.dump(), destinations.dump());
    compareEndpoints(*fits);
    compareIfExpected("upstream_path", answer_.at("upstreamPath"));
    if (expect_.contains("upstream_host_header"))
      compareIfExpected("upstream_host_header", answer_.at("rewrite").is_null()
                                                    ? json()
                                                    : answer_.at("rewrite")["authority"]);
    compareResponseHeaders();
    compareBalancer(fits->at("policy"));
    compareEffective(fits->at("policy"));
  }

  bool isMeant(const json& destination) const {
    for (const char* key : {"host", "subset", "port"})
      if (expect_.contains(key) && scalarText(expect_.at(key)) != scalarText(destination.at(key)))
        return false;
    return true;
  }

  void compareEndpoints(const json& destination) {
    if (!expect_.contains("endpoints")) return;
    std::set<std::string> wanted, got;
    for (const auto& address : expect_.at("endpoints")) wanted.insert(scalarText(address));
    for (const auto& endpoint : destination.at("endpoints"))
      if (endpoint.value("share", 0) > 0) got.insert(endpoint.at("address"));
    if (wanted != got) differ("endpoints", json(wanted).dump(), json(got).dump());
  }

  void compareBalancer(const json& policy) {
    if (!expect_.contains("lb")) return;
    const auto balancer = policy.value("loadBalancer", json::object());
    compareText("lb", scalarText(expect_.at("lb")), balancer.value("simple", "LEAST_REQUEST"));
  }

  void compareEffective(const json& policy) {
    const auto pool = policy.value("connectionPool", json::object());
    const auto effective = expect_.value("effective", json::object());
    for (const auto& [name, wanted] : effective.items()) {
      json got = "default";
      for (const char* part : {"tcp", "http"})
        if (pool.contains(part) && pool[part].contains(name)) got = pool[part][name];
      compareText("effective " + name, scalarText(wanted), got);
    }
  }

  /// By subset, or by the address of an endpoint.
  Shares sharesOf() const {
    Shares shares;
    for (const auto& destination : answer_.at("destinations")) {
      const double share = destination.at("share");
      shares[destination.at("subset")] += share;
      double total = 0;
      for (const auto& endpoint : destination.at("endpoints"))
        total += endpoint.value("share", 0.0);
      for (const auto& endpoint : destination.at("endpoints"))
        shares[hostOf(endpoint.at("address"))] += share * endpoint.value("share", 0.0) / total;
    }
    return shares;
  }

  void compareSplit() {
    compareText("action", "route", answer_.at("action"));
    auto shares = sharesOf();
    for (const auto& [name, wanted] : expect_.at("shares").items())
      if (std::abs(shares[name] - wanted.get<double>()) > kRounding)
        differ("share of " + name, wanted.dump(), std::to_string(shares[name]));
  }

  void compareLocal() {
    const std::set<std::string> local{"direct_response", "not_found", "no_cluster", "no_endpoints"};
    if (!local.contains(answer_.at("action")))
      differ("action", "an answer of the data plane", answer_.at("action"));
    compareIfExpected("status", answer_.at("status"));
    compareIfExpected("grpc_status", answer_.at("grpcStatus"));
    compareIfExpected("body", answer_.at("body"));
    compareResponseHeaders();
    if (!expect_.contains("flag")) return;
    if (flagsOf(scalarText(expect_.at("flag"))) != flagsOf(answer_.at("flag")))
      differ("flag", scalarText(expect_.at("flag")), answer_.at("flag"));
  }

  /// Those of CORS; what header operations do to an answer is seen in traffic.
  void compareResponseHeaders() {
    const auto& got = answer_.at("responseHeaders");
    const auto headers = expect_.value("response_headers", json::object());
    for (const auto& [name, wanted] : headers.items())
      if (name.starts_with("access-control-"))
        compareText(name, scalarText(wanted), got.contains(name) ? got[name] : json());
    const auto absent = expect_.value("response_headers_absent", json::array());
    for (const auto& name : absent)
      if (got.contains(scalarText(name))) differ(scalarText(name), "absent", got.dump());
  }

  void compareRedirect() {
    compareText("action", "redirect", answer_.at("action"));
    compareIfExpected("status", answer_.at("status"));
    compareIfExpected("location", answer_.at("location"));
  }

  /// On the connect path nobody is there to answer 503.
  void compareRefused() {
    const auto& got = answer_.at("action");
    const bool nowhere = got == "no_cluster" || got == "no_endpoints";
    if (!nowhere || answer_.at("path") != "connect") compareText("action", "refused", got);
  }

  void comparePassthrough() {
    compareText("action", "passthrough", answer_.at("action"));
    compareIfExpected("to", answer_.at("to"));
  }

  void compareMirrors() {
    auto mirrors = expect_.value("mirrors", json::array());
    if (expect_.contains("mirrored_to")) mirrors.push_back(expect_.at("mirrored_to"));
    for (const auto& mirror : mirrors) {
      const auto share = shareOfMirror(scalarText(mirror.at("host")));
      if (std::abs(share - mirror.at("share").get<double>()) > kRounding)
        differ("mirror " + scalarText(mirror.at("host")), mirror.dump(), std::to_string(share));
    }
  }

  /// What the data plane answers itself is not copied.
  double shareOfMirror(const std::string& host) const {
    if (answer_.at("action") == "direct_response") return 0;
    double share = 0;
    const auto mirrors = answer_.at("policy").value("mirror", json::array());
    for (const auto& mirror : mirrors)
      if (mirror.at("host") == host && mirror.value("exists", false))
        share += mirror.at("percent").get<double>() / 100;
    return share;
  }

  const json& expect_;
  const json& answer_;
  std::vector<std::string> differences_;
};

}  // namespace

std::vector<std::string> differences(const json& expect, const json& explanation) {
  return Comparison(expect, explanation).compare();
}

}  // namespace sluice::test
