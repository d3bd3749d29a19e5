// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/explanation_text.h"

#include <fmt/format.h>

#include "userspace/cli/printer.h"
#include "userspace/cli/table.h"

namespace sluice::cli {
namespace {

using observe::Json;

std::string text(const Json& item, const char* field) { return printable(cellText(item, field)); }

void line(const Terminal& terminal, std::string_view label, std::string_view value) {
  terminal.out << fmt::format("{:<13}{}\n", label, value);
}

Colour colourOf(const std::string& action) {
  return action == "route" ? Colour::kGreen
                           : (action == "passthrough" ? Colour::kNone : Colour::kRed);
}

void printAction(const Terminal& terminal, const Json& explanation) {
  const auto action = text(explanation, "action");
  auto value = terminal.paint(colourOf(action), action);
  if (explanation.value("status", 0) != 0)
    value += ", answered with " + text(explanation, "status") + " " + text(explanation, "flag");
  line(terminal, "action", value);
}

void printRule(const Terminal& terminal, const Json& explanation) {
  const auto& rule = explanation.at("rule");
  if (rule.is_null()) return line(terminal, "rule", "none: the service as it is");
  auto value = "VirtualService " + text(rule, "virtualService");
  if (rule.value("index", -1) >= 0) value += " http[" + text(rule, "index") + "]";
  if (!rule.value("name", std::string()).empty()) value += " (" + text(rule, "name") + ")";
  line(terminal, "rule", value);
}

std::string endpointsText(const Json& destination) {
  if (!destination.value("exists", false)) return "does not exist";
  const auto& endpoints = destination.at("endpoints");
  if (endpoints.empty()) return "no ready endpoint";
  std::string list;
  for (const auto& endpoint : endpoints)
    list += (list.empty() ? "" : ", ") + text(endpoint, "address");
  return list;
}

void printDestinations(const Terminal& terminal, const Json& explanation) {
  const char* label = "destinations";
  for (const auto& destination : explanation.at("destinations")) {
    const auto subset = destination.value("subset", std::string());
    line(terminal, std::exchange(label, ""),
         fmt::format("{:>5.4g}%  {}:{}{}  {}", destination.value("share", 0.0) * 100,
                     text(destination, "host"), text(destination, "port"),
                     subset.empty() ? "" : " subset " + printable(subset),
                     endpointsText(destination)));
  }
}

void printPolicy(const Terminal& terminal, const Json& explanation) {
  const auto& policy = explanation.at("policy");
  if (policy.contains("timeout")) line(terminal, "timeout", text(policy, "timeout"));
  if (!policy.contains("fault")) return;
  const auto& fault = policy.at("fault");
  if (fault.contains("delay"))
    line(terminal, "delay",
         fmt::format("{} for {:.4g}%", text(fault["delay"], "fixedDelay"),
                     fault["delay"].value("percent", 0.0)));
  if (fault.contains("abort"))
    line(terminal, "abort",
         fmt::format("{} for {:.4g}%", text(fault["abort"], "httpStatus"),
                     fault["abort"].value("percent", 0.0)));
}

void printPath(const Terminal& terminal, const Json& explanation) {
  line(terminal, "path", text(explanation, "path"));
  const char* label = "  because";
  for (const auto& reason : explanation.at("reasons")) {
    const auto field = reason.value("field", std::string());
    line(terminal, std::exchange(label, ""),
         text(reason, "text") + (field.empty() ? "" : " (" + printable(field) + ")") + " [" +
             text(reason, "code") + "]");
  }
}

void printSkipped(const Terminal& terminal, const Json& explanation) {
  const char* label = "not used";
  for (const auto& skipped : explanation.at("skipped"))
    line(terminal, std::exchange(label, ""),
         "http[" + text(skipped, "rule") + "]: " + text(skipped, "why"));
}

}  // namespace

void printExplanation(const Terminal& terminal, const Json& explanation) {
  printAction(terminal, explanation);
  printRule(terminal, explanation);
  printDestinations(terminal, explanation);
  printPolicy(terminal, explanation);
  printPath(terminal, explanation);
  printSkipped(terminal, explanation);
}

}  // namespace sluice::cli
