// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/explanation_text.h"

#include <fmt/format.h>

#include "userspace/cli/explained_policy_text.h"
#include "userspace/cli/explanation_lines.h"
#include "userspace/cli/table.h"

namespace sluice::cli {
namespace {

using observe::Json;

Colour colourOf(const std::string& action) {
  if (action == "route") return Colour::kGreen;
  const bool as_configured =
      action == "passthrough" || action == "redirect" || action == "direct_response";
  return as_configured ? Colour::kNone : Colour::kRed;
}

void printAction(const Lines& lines, const Json& explanation) {
  const auto action = fieldText(explanation, "action");
  auto value = lines.paint(colourOf(action), action);
  if (const auto to = fieldText(explanation, "to"); !to.empty()) value += " to " + to;
  if (explanation.value("status", 0) != 0)
    value += ", answered with " + fieldText(explanation, "status");
  if (explanation.contains("grpcStatus") && !explanation.at("grpcStatus").is_null())
    value += ", grpc-status " + fieldText(explanation, "grpcStatus");
  if (const auto flag = fieldText(explanation, "flag"); !flag.empty()) value += " " + flag;
  lines.add("action", value);
  if (const auto location = fieldText(explanation, "location"); !location.empty())
    lines.add("location", location);
}

void printService(const Lines& lines, const Json& explanation) {
  const auto service = explanation.value("service", Json());
  if (service.is_null()) return lines.add("service", "none that the client knows");
  lines.add("service",
            fmt::format("{}:{}, {}: {}", fieldText(service, "host"), fieldText(service, "port"),
                        fieldText(service, "protocol"), fieldText(service, "how")));
}

std::string ruleText(const Json& rule, const char* index) {
  auto value = rule.value("list", std::string("http")) + "[" + fieldText(rule, index) + "]";
  if (const auto delegate = fieldText(rule, "delegate"); !delegate.empty())
    value += " of its delegate " + delegate;
  return value;
}

void printRule(const Lines& lines, const Json& explanation) {
  const auto& rule = explanation.at("rule");
  if (rule.is_null()) return lines.add("rule", "none: the service as it is");
  auto value = "VirtualService " + fieldText(rule, "virtualService");
  if (rule.value("index", -1) >= 0) value += " " + ruleText(rule, "index");
  if (!rule.value("name", std::string()).empty()) value += " (" + fieldText(rule, "name") + ")";
  lines.add("rule", value);
}

std::string endpointText(const Json& endpoint) {
  if (endpoint.contains("name"))
    return fieldText(endpoint, "name") + ":" + fieldText(endpoint, "port");
  return fieldText(endpoint, "address");
}

std::string endpointsText(const Json& destination) {
  if (!destination.value("exists", false)) return "does not exist";
  if (destination.value("keepsAddress", false)) return "the address that was called";
  const auto& endpoints = destination.at("endpoints");
  if (endpoints.empty()) return "no ready endpoint";
  std::string list;
  for (const auto& endpoint : endpoints)
    list += (list.empty() ? "" : ", ") + endpointText(endpoint);
  return list;
}

std::string nameText(const Json& destination) {
  const auto subset = destination.value("subset", std::string());
  return fieldText(destination, "host") + ":" + fieldText(destination, "port") +
         (subset.empty() ? "" : " subset " + printable(subset));
}

void printDestinations(const Lines& lines, const Json& explanation) {
  const char* label = "destinations";
  for (const auto& destination : explanation.at("destinations")) {
    lines.add(std::exchange(label, ""),
              fmt::format("{:>5.4g}%  {}  {}", destination.value("share", 0.0) * 100,
                          nameText(destination), endpointsText(destination)));
    if (const auto rule = fieldText(destination, "destinationRule"); !rule.empty())
      lines.add("", "        under DestinationRule " + rule + ", found in " +
                        fieldText(destination, "destinationRuleFound"));
    if (const auto headers = headersText(destination.value("headers", Json::object()));
        !headers.empty())
      lines.add("", "        with " + headers);
  }
}

void printRewrite(const Lines& lines, const Json& explanation) {
  const auto rewrite = explanation.value("rewrite", Json());
  if (rewrite.is_null()) return;
  if (rewrite.contains("path")) lines.add("path sent", fieldText(rewrite, "path"));
  if (rewrite.contains("authority")) lines.add("Host sent", fieldText(rewrite, "authority"));
}

void printPath(const Lines& lines, const Json& explanation) {
  lines.add("path", fieldText(explanation, "path"));
  const char* label = "  because";
  for (const auto& reason : explanation.at("reasons")) {
    const auto field = reason.value("field", std::string());
    lines.add(std::exchange(label, ""), fieldText(reason, "text") +
                                            (field.empty() ? "" : " (" + printable(field) + ")") +
                                            " [" + fieldText(reason, "code") + "]");
  }
}

void printPassedOver(const Lines& lines, const Json& explanation) {
  const char* label = "not used";
  for (const auto& skipped : explanation.at("skipped"))
    lines.add(std::exchange(label, ""),
              ruleText(skipped, "rule") + ": " + fieldText(skipped, "why"));
  for (const auto& loser : explanation.value("losers", Json::array()))
    lines.add(std::exchange(label, ""), "VirtualService " + fieldText(loser, "virtualService") +
                                            ": " + fieldText(loser, "why"));
}

void printWarnings(const Lines& lines, const Json& explanation) {
  for (const auto& warning : explanation.value("warnings", Json::array()))
    lines.add(lines.paint(Colour::kYellow, "warning"), printable(warning.get<std::string>()));
}

}  // namespace

void printExplanation(const Terminal& terminal, const Json& explanation) {
  const Lines lines(terminal);
  printAction(lines, explanation);
  printService(lines, explanation);
  printRule(lines, explanation);
  printDestinations(lines, explanation);
  printRewrite(lines, explanation);
  printPolicy(lines, explanation.at("policy"));
  printPath(lines, explanation);
  printPassedOver(lines, explanation);
  printWarnings(lines, explanation);
}

}  // namespace sluice::cli
