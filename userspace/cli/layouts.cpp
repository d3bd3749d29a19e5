// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/layouts.h"

#include <fmt/format.h>

#include <algorithm>

#include "userspace/source/kinds.h"

namespace sluice::cli {
namespace {

using observe::Json;

std::string joined(const Json& item, const std::string& field, const char* when_empty = "-") {
  std::string text;
  if (const auto found = item.find(field); found != item.end() && found->is_array())
    for (const auto& value : *found)
      text += (text.empty() ? "" : ",") + (value.is_string() ? value.get<std::string>() : "?");
  return text.empty() ? when_empty : text;
}

Column listColumn(std::string title, const std::string& field, bool wide = false) {
  return {std::move(title), [field](const Json& item) { return joined(item, field); }, wide};
}

std::function<std::string(const Json&)> named(const std::string& kind) {
  return [kind](const Json& item) {
    return kind + "/" + cellText(item, "namespace") + "/" + cellText(item, "name");
  };
}

/// A share as a user reads weights: whole percents without decimals.
std::string percentText(double share) { return fmt::format("{:.4g}%", share * 100); }

std::string destinationText(const Json& destination) {
  const auto subset = destination.value("subset", std::string());
  const auto host = destination.value("host", std::string());
  auto text = (subset.empty() ? host.substr(0, host.find('.')) : subset) + " " +
              percentText(destination.value("share", 0.0));
  if (!destination.value("exists", true)) text += " (missing)";
  return text;
}

std::string faultText(const Json& item) {
  const auto fault = item.find("fault");
  if (fault == item.end() || !fault->is_object()) return "-";
  std::string text;
  if (const auto delay = fault->find("delay"); delay != fault->end())
    text = fmt::format("delay {} {:.4g}%", delay->value("fixedDelay", std::string()),
                       delay->value("percent", 0.0));
  if (const auto abort = fault->find("abort"); abort != fault->end())
    text += fmt::format("{}abort {} {:.4g}%", text.empty() ? "" : ", ",
                        abort->value("httpStatus", 0), abort->value("percent", 0.0));
  return text;
}

std::string ruleText(const Json& item) {
  const auto service = item.value("virtualService", std::string());
  if (service.empty()) return "(default)";
  return service + "#" + std::to_string(item.value("rule", 0));
}

std::string reasonsText(const Json& item) {
  std::string text;
  if (const auto reasons = item.find("reasons"); reasons != item.end() && reasons->is_array())
    for (const auto& reason : *reasons)
      text += (text.empty() ? "" : "; ") + reason.value("text", std::string());
  return text.empty() ? "-" : text;
}

Noun services() {
  return {"services",
          "service",
          "svc",
          {{fieldColumn("NAMESPACE", "namespace"), fieldColumn("NAME", "name"),
            fieldColumn("PORT", "port"), fieldColumn("PROTOCOL", "protocol"),
            listColumn("ADDRESSES", "addresses"), fieldColumn("PATH", "path"),
            fieldColumn("RULES", "virtualService"), fieldColumn("HOST", "host", true)},
           named("service")}};
}

Noun routes() {
  return {"routes",
          "route",
          "rt",
          {{fieldColumn("NAMESPACE", "namespace"),
            fieldColumn("SERVICE", "name"),
            fieldColumn("PORT", "port"),
            {"RULE", ruleText},
            fieldColumn("MATCH", "match"),
            {"DESTINATIONS",
             [](const Json& item) {
               return destinationsText(item.value("destinations", Json::array()));
             }},
            {"FAULT", faultText},
            fieldColumn("PATH", "path"),
            {"CLIENTS", [](const Json& item) { return joined(item, "clients", "*"); }, true},
            fieldColumn("TIMEOUT", "timeout", true),
            {"WHY", reasonsText, true}},
           [](const Json& item) {
             return "route/" + cellText(item, "namespace") + "/" + cellText(item, "name") + ":" +
                    cellText(item, "port") + "/" + ruleText(item);
           }}};
}

Noun endpoints() {
  return {"endpoints",
          "endpoint",
          "ep",
          {{fieldColumn("NAMESPACE", "namespace"), fieldColumn("HOST", "host"),
            fieldColumn("PORT", "port"), fieldColumn("SUBSET", "subset"),
            fieldColumn("ADDRESS", "address"), fieldColumn("STATE", "state"),
            fieldColumn("POD", "pod"), fieldColumn("CLUSTER", "cluster", true)},
           [](const Json& item) { return "endpoint/" + cellText(item, "address"); }}};
}

/// Their codes; sluicectl status says more.
std::string neighboursText(const Json& item) {
  std::string text;
  for (const auto& neighbour : item.value("neighbours", Json::array()))
    text += (text.empty() ? "" : ",") + cellText(neighbour, "code");
  return text.empty() ? "-" : text;
}

Noun workloads() {
  return {"workloads",
          "workload",
          "wl",
          {{fieldColumn("NAMESPACE", "namespace"),
            fieldColumn("NAME", "name"),
            fieldColumn("STATE", "state"),
            fieldColumn("CGROUP", "cgroup"),
            {"NEIGHBOURS", neighboursText},
            fieldColumn("MESSAGE", "message"),
            fieldColumn("NETWORK-NAMESPACE", "networkNamespace", true),
            fieldColumn("ID", "id", true),
            fieldColumn("LISTENER4", "listener4Port", true),
            fieldColumn("LISTENER6", "listener6Port", true)},
           named("workload")}};
}

/// Of connections that were not steered nobody knows it.
std::string ageText(const Json& item) {
  return item.contains("ageSeconds") ? cellText(item, "ageSeconds") + "s" : "-";
}

Noun connections() {
  return {"connections",
          "connection",
          "conn",
          {{fieldColumn("WORKLOAD", "workload"),
            fieldColumn("CLIENT", "client"),
            fieldColumn("SERVICE", "service"),
            fieldColumn("DESTINATION", "destination"),
            fieldColumn("PATH", "path"),
            fieldColumn("ENDPOINT", "endpoint"),
            fieldColumn("STATE", "state"),
            fieldColumn("REQUESTS", "requests"),
            {"AGE", ageText},
            fieldColumn("REASON", "reason", true)},
           [](const Json& item) { return "connection/" + cellText(item, "client"); }}};
}

/// A field of `metadata`, "-" when it is absent.
std::string metadataText(const Json& item, const std::string& field) {
  return cellText(item.value("metadata", Json::object()), field);
}

/// What a rule or service is for: `spec.hosts` or `spec.host`.
std::string hostsText(const Json& item) {
  const auto spec = item.value("spec", Json::object());
  return spec.contains("host") ? cellText(spec, "host") : joined(spec, "hosts");
}

Noun resources(const source::Kind& kind) {
  return {kind.plural,
          kind.name,
          kind.short_name,
          {{{"NAMESPACE", [](const Json& item) { return metadataText(item, "namespace"); }},
            {"NAME", [](const Json& item) { return metadataText(item, "name"); }},
            {"HOSTS", hostsText},
            {"CREATED", [](const Json& item) { return metadataText(item, "creationTimestamp"); },
             true}},
           [](const Json& item) {
             return cellText(item, "kind") + "/" + metadataText(item, "namespace") + "/" +
                    metadataText(item, "name");
           }},
          true};
}

std::vector<Noun> allNouns() {
  std::vector<Noun> all = {services(), routes(), endpoints(), workloads(), connections()};
  for (const source::Kind& kind : source::kinds()) {
    // Of these the agent knows more than their resources say.
    const bool known =
        std::ranges::any_of(all, [&](const Noun& n) { return n.name == kind.plural; });
    if (!known) all.push_back(resources(kind));
  }
  return all;
}

}  // namespace

std::string destinationsText(const Json& destinations) {
  std::string text;
  for (const auto& destination : destinations)
    text += (text.empty() ? "" : ", ") + destinationText(destination);
  return text.empty() ? "-" : text;
}

const std::vector<Noun>& nouns() {
  static const std::vector<Noun> kAll = allNouns();
  return kAll;
}

const Noun* findNoun(std::string_view word) {
  const auto found = std::ranges::find_if(nouns(), [&](const Noun& noun) {
    return word == noun.name || word == noun.singular || (!word.empty() && word == noun.shortcut);
  });
  if (found != nouns().end()) return &*found;
  // Kinds are known in any letter case.
  const source::Kind* kind = source::findKindByName(word);
  return kind == nullptr ? nullptr : findNoun(kind->plural);
}

const Layout& failureLayout() {
  static const Layout kLayout = {
      {fieldColumn("FILE", "file"), fieldColumn("LINE", "line"), fieldColumn("HELPER", "helper"),
       fieldColumn("ERROR", "error"), fieldColumn("COUNT", "count"),
       fieldColumn("SECONDS-AGO", "ageSeconds")},
      [](const Json& item) { return cellText(item, "file") + ":" + cellText(item, "line"); }};
  return kLayout;
}

const Layout& mapLayout() {
  static const Layout kLayout = {
      {fieldColumn("MAP", "name"),
       fieldColumn("TYPE", "type"),
       fieldColumn("ENTRIES", "entries"),
       fieldColumn("CAPACITY", "capacity"),
       {"PRESSURE",
        [](const Json& item) {
          return item.contains("pressure") ? cellText(item, "pressure") + "%" : "-";
        }},
       {"KIB",
        [](const Json& item) {
          return std::to_string((item.at("bytes").get<uint64_t>() + 1023) / 1024);
        }},
       fieldColumn("WHEN-FULL", "whenFull", true)},
      [](const Json& item) { return "map/" + cellText(item, "name"); }};
  return kLayout;
}

const Layout& trafficLayout() {
  static const Layout kLayout = {
      {fieldColumn("KIND", "kind"), fieldColumn("NAME", "name"), fieldColumn("SUBSET", "subset"),
       fieldColumn("CONNECTIONS", "opened"), fieldColumn("ACTIVE", "active"),
       fieldColumn("FAILED", "failed"), fieldColumn("REQUESTS", "requests"),
       fieldColumn("5XX", "responses5xx"), fieldColumn("SENT", "sentBytes"),
       fieldColumn("RECEIVED", "receivedBytes"), fieldColumn("ESTABLISHED", "established", true),
       fieldColumn("CLOSED", "closed", true), fieldColumn("GIVEN-UP", "givenUp", true),
       fieldColumn("RESET", "reset", true), fieldColumn("2XX", "responses2xx", true),
       fieldColumn("4XX", "responses4xx", true), fieldColumn("NO-ANSWER", "responsesNone", true)},
      [](const Json& item) {
        return cellText(item, "kind") + "/" + cellText(item, "name") +
               (cellText(item, "subset") == "-" ? "" : "/" + cellText(item, "subset"));
      }};
  return kLayout;
}

}  // namespace sluice::cli
