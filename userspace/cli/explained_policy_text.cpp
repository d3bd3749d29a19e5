// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/explained_policy_text.h"

#include <fmt/format.h>

#include "userspace/cli/table.h"

namespace sluice::cli {
namespace {

using observe::Json;

std::string percentText(const Json& item) {
  return fmt::format("{:.4g}%", item.value("percent", 0.0));
}

/// "maxConnections 3, connectTimeout 1s": every value, with messages in it told one after another.
std::string valuesText(const Json& message) {
  std::string list;
  for (const auto& [name, value] : message.items()) {
    if (name == "from") continue;
    const auto told = value.is_object() ? valuesText(value)
                                        : printable(name) + " " + fieldText(message, name.c_str());
    if (!told.empty()) list += (list.empty() ? "" : ", ") + told;
  }
  return list;
}

void printFault(const Lines& lines, const Json& fault) {
  if (fault.contains("delay"))
    lines.add("delay",
              fieldText(fault["delay"], "fixedDelay") + " for " + percentText(fault["delay"]));
  if (!fault.contains("abort")) return;
  const auto& abort = fault["abort"];
  const auto grpc = fieldText(abort, "grpcStatus");
  lines.add("abort", (grpc.empty() ? fieldText(abort, "httpStatus") : "gRPC " + grpc) + " for " +
                         percentText(abort));
}

void printMirrors(const Lines& lines, const Json& mirrors) {
  const char* label = "mirror";
  for (const auto& mirror : mirrors)
    lines.add(std::exchange(label, ""),
              percentText(mirror) + " to " + fieldText(mirror, "host") + ":" +
                  fieldText(mirror, "port") +
                  (mirror.value("exists", false) ? "" : ", which does not exist"));
}

}  // namespace

void printPolicy(const Lines& lines, const Json& policy) {
  if (policy.contains("timeout")) lines.add("timeout", fieldText(policy, "timeout"));
  if (policy.contains("fault")) printFault(lines, policy["fault"]);
  if (policy.contains("mirror")) printMirrors(lines, policy["mirror"]);
  constexpr std::pair<const char*, const char*> kBlocks[] = {{"retries", "retries"},
                                                             {"cors", "cors"},
                                                             {"headers", "headers"},
                                                             {"loadBalancer", "balancing"},
                                                             {"connectionPool", "limits"},
                                                             {"outlierDetection", "outliers"},
                                                             {"tls", "tls"},
                                                             {"tunnel", "tunnel"},
                                                             {"proxyProtocol", "proxy proto"},
                                                             {"retryBudget", "retry budget"}};
  for (const auto& [name, label] : kBlocks) {
    if (!policy.contains(name)) continue;
    const auto from = fieldText(policy[name], "from");
    lines.add(label, valuesText(policy[name]) + (from.empty() ? "" : " (" + from + ")"));
  }
}

}  // namespace sluice::cli
