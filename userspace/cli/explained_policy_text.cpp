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

void append(std::string& list, const char* separator, const std::string& told) {
  if (told.empty()) return;
  if (!list.empty()) list += separator;
  list += told;
}

/// "tcp.maxConnections 3, http.idleTimeout 1s": every value by its path.
std::string valuesText(const Json& message, const std::string& path = {}) {
  std::string list;
  for (const auto& [name, value] : message.items()) {
    if (name == "from") continue;
    const auto here = path + printable(name);
    append(list, ", ",
           value.is_object() ? valuesText(value, here + ".")
                             : here + " " + fieldText(message, name.c_str()));
  }
  return list;
}

/// "remove x-a, set x-b: 1, add x-c: 2", in the order in which it is done.
std::string operationsText(const Json& operations) {
  std::string list;
  for (const auto& name : operations.value("remove", Json::array()))
    append(list, ", ", "remove " + printable(name.get<std::string>()));
  for (const char* verb : {"set", "add"}) {
    const auto headers = operations.value(verb, Json::object());
    for (const auto& [name, value] : headers.items())
      append(list, ", ",
             fmt::format("{} {}: {}", verb, printable(name), fieldText(headers, name.c_str())));
  }
  return list;
}

/// " (DestinationRule/shop/api spec.trafficPolicy.tls)": where it was written, if that is known.
std::string placeText(const Json& item, const char* field = "from") {
  const auto place = fieldText(item, field);
  return place.empty() ? "" : " (" + place + ")";
}

void printFault(const Lines& lines, const Json& fault) {
  if (fault.contains("delay"))
    lines.add("delay", fieldText(fault["delay"], "fixedDelay") + " for " +
                           percentText(fault["delay"]) + placeText(fault));
  if (!fault.contains("abort")) return;
  const auto& abort = fault["abort"];
  const auto grpc = fieldText(abort, "grpcStatus");
  lines.add("abort", (grpc.empty() ? fieldText(abort, "httpStatus") : "gRPC " + grpc) + " for " +
                         percentText(abort) + placeText(fault));
}

void printMirrors(const Lines& lines, const Json& mirrors) {
  const char* label = "mirror";
  for (const auto& mirror : mirrors)
    lines.add(
        std::exchange(label, ""),
        percentText(mirror) + " to " + fieldText(mirror, "host") + ":" + fieldText(mirror, "port") +
            (mirror.value("exists", false) ? "" : ", which does not exist") + placeText(mirror));
}

}  // namespace

std::string headersText(const Json& headers) {
  std::string list;
  for (const char* which : {"request", "response"})
    if (headers.contains(which))
      append(list, "; ", std::string(which) + " " + operationsText(headers[which]));
  return list;
}

void printPolicy(const Lines& lines, const Json& policy) {
  if (policy.contains("timeout"))
    lines.add("timeout", fieldText(policy, "timeout") + placeText(policy, "timeoutFrom"));
  if (policy.contains("fault")) printFault(lines, policy["fault"]);
  if (policy.contains("mirror")) printMirrors(lines, policy["mirror"]);
  if (policy.contains("headers"))
    lines.add("headers", headersText(policy["headers"]) + placeText(policy["headers"]));
  constexpr std::pair<const char*, const char*> kBlocks[] = {{"retries", "retries"},
                                                             {"cors", "cors"},
                                                             {"loadBalancer", "balancing"},
                                                             {"connectionPool", "limits"},
                                                             {"outlierDetection", "outliers"},
                                                             {"tls", "tls"},
                                                             {"tunnel", "tunnel"},
                                                             {"proxyProtocol", "proxy proto"},
                                                             {"retryBudget", "retry budget"}};
  for (const auto& [name, label] : kBlocks) {
    if (!policy.contains(name)) continue;
    lines.add(label, valuesText(policy[name]) + placeText(policy[name]));
  }
}

}  // namespace sluice::cli
