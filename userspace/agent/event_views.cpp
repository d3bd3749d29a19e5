// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/event_views.h"

#include "maps/addresses.hpp"
#include "userspace/observe/traffic.h"
#include "userspace/proxy/time_format.h"

namespace sluice::agent {
namespace {

using observe::Json;
using observe::textAt;

constexpr const char* kKinds[] = {
#define EVENT(id, label, text) label,
#include "maps/abi/events.def"
#undef EVENT
};

std::string timeText(std::chrono::system_clock::time_point when) {
  std::string text;
  proxy::appendTime(when, "%Y-%m-%dT%H:%M:%S.%6fZ", text);
  return text;
}

void addEnd(const event& told, Json& view) {
  if (told.kind == EVENT_CONNECT) return;
  view["seconds"] =
      std::chrono::duration<double>(std::chrono::nanoseconds(told.duration_ns)).count();
  if (told.kind != EVENT_CLOSED) return;
  view["sentBytes"] = told.sent_bytes;
  view["receivedBytes"] = told.received_bytes;
}

/// The whole of `name`, or what comes before one of its `separators`.
bool begins(std::string_view name, std::string_view part, std::string_view separators) {
  if (!name.starts_with(part)) return false;
  return name.size() == part.size() || separators.find(name[part.size()]) != std::string_view::npos;
}

bool isWorkload(std::string_view key, std::string_view asked) {
  return key == asked || key.substr(key.find('/') + 1) == asked;
}

Result<void> checkReason(const std::string& reason) {
  std::string known;
  for (uint16_t i = 0; i < REASON_COUNT; ++i) {
    if (reason == reasonText(i)) return {};
    known += (known.empty() ? "" : ", ") + reasonText(i);
  }
  return Error(Error::Code::kInvalid, "there is no reason \"" + reason + "\"", known);
}

/// `name`: "host:port/family".
bool isService(const std::string& name, const std::string& wanted) {
  const auto colon = wanted.rfind(':');
  if (!begins(name, wanted.substr(0, colon), ".:")) return false;
  return colon == std::string::npos ||
         begins(name.substr(name.rfind(':') + 1), wanted.substr(colon + 1), "/");
}

}  // namespace

Json eventView(const event& told, const ConnectionNames& names,
               std::chrono::system_clock::time_point when) {
  const TimePoint opened{std::chrono::nanoseconds(told.time_ns - told.duration_ns)};
  Json view = {{"time", timeText(when)},
               {"event", told.kind < std::size(kKinds) ? kKinds[told.kind] : "unknown"},
               {"connection", told.socket},
               {"workload", names.workload(WorkloadId{told.workload})},
               {"destination", maps::addressOf(told).text()},
               {"service", names.of(NAME_SERVICE, told.service, opened)},
               {"reason", reasonText(told.reason)},
               {"route", names.of(NAME_ROUTE, told.route, opened)},
               {"cluster", names.of(NAME_CLUSTER, told.cluster, opened)},
               {"endpoint", names.of(NAME_ENDPOINT, told.endpoint, opened)}};
  addEnd(told, view);
  return view;
}

Result<EventFilter> EventFilter::of(const Json& request) {
  EventFilter filter{textAt(request, "namespace"), textAt(request, "workload"),
                     textAt(request, "service"), textAt(request, "reason")};
  if (!filter.reason.empty()) SLUICE_TRY(checkReason(filter.reason));
  return filter;
}

bool EventFilter::matches(const Json& view) const {
  const auto key = textAt(view, "workload");
  if (!in_namespace.empty() && !begins(key, in_namespace, "/")) return false;
  if (!workload.empty() && !isWorkload(key, workload)) return false;
  if (!service.empty() && !isService(textAt(view, "service"), service)) return false;
  return reason.empty() || textAt(view, "reason") == reason;
}

}  // namespace sluice::agent
