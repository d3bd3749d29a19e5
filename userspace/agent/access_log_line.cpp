// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/access_log_line.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "userspace/observe/json.h"
#include "userspace/proxy/config.h"

namespace sluice::agent {
namespace {

using observe::Json;
using proxy::RequestRecord;

struct Field {
  const char* name;  ///< Istio's, in JSON
  Json value;        ///< text, number, or null when it is unknown
  /// What stands around it in text.
  std::string_view before = {}, after = {};
};

Json textOrNull(std::string_view text) { return text.empty() ? Json() : Json(std::string(text)); }

std::string timeText(std::chrono::system_clock::time_point time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  const auto part = std::chrono::duration_cast<std::chrono::milliseconds>(time - whole).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(whole)), part);
}

Json ruleOf(const RequestRecord& record) {
  if (record.route == nullptr || record.rule == nullptr) return {};
  const auto& service = record.route->route->virtual_service;
  const int index = record.rule->rule->index;  // below 0: past the rules
  if (service.empty() || index < 0) return {};
  return fmt::format("{}#{}", service, index);
}

Json routeNameOf(const RequestRecord& record) {
  return record.rule == nullptr ? Json() : textOrNull(record.rule->rule->name);
}

Json clusterOf(const RequestRecord& record) {
  if (record.cluster == nullptr || !record.cluster->cluster) return {};
  return record.cluster->cluster->key.text();
}

Json endpointOf(const RequestRecord& record) {
  if (record.endpoint == nullptr) return {};
  return record.endpoint->address.text();
}

Json addressOf(const SocketAddress* address) {
  return address == nullptr ? Json() : Json(address->text());
}

int64_t inMilliseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

/// Istio: EnvoyTextLogFormat, EnvoyJSONLogFormatIstio.
std::vector<Field> fieldsOf(const RequestRecord& record,
                            std::chrono::system_clock::time_point time) {
  return {{"start_time", timeText(time), "[", "]"},
          {"method", textOrNull(record.method), "\""},
          {"path", textOrNull(record.target)},
          {"protocol", textOrNull(record.protocol), {}, "\""},
          {"response_code", record.status},
          {"response_flags", record.flags.text()},
          {"response_code_details", textOrNull(record.details)},
          {"connection_termination_details", {}},
          {"upstream_transport_failure_reason", textOrNull(record.transport_failure), "\"", "\""},
          {"bytes_received", record.request_bytes},
          {"bytes_sent", record.response_bytes},
          {"duration", inMilliseconds(record.duration)},
          {"upstream_service_time",
           record.service_time ? Json(inMilliseconds(*record.service_time)) : Json()},
          {"x_forwarded_for", textOrNull(record.forwarded_for), "\"", "\""},
          {"user_agent", textOrNull(record.user_agent), "\"", "\""},
          {"request_id", textOrNull(record.request_id), "\"", "\""},
          {"authority", textOrNull(record.authority), "\"", "\""},
          {"upstream_host", endpointOf(record), "\"", "\""},
          {"upstream_cluster", clusterOf(record)},
          {"upstream_local_address", addressOf(record.upstream_local)},
          {"downstream_local_address", addressOf(record.called)},
          {"downstream_remote_address", record.client.text()},
          {"requested_server_name", textOrNull(record.server_name)},
          {"route_name", routeNameOf(record)},
          {"sluice_rule", ruleOf(record)},
          {"sluice_workload", fmt::format("{:016x}", record.workload.value)},
          {"sluice_grpc_status", record.grpc_status < 0 ? Json() : Json(record.grpc_status)}};
}

void appendEscaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    const bool plain = c > 0x1f && c < 0x7f && c != '"' && c != '\\';
    if (plain)
      out += c;
    else
      out += fmt::format("\\x{:02x}", static_cast<uint8_t>(c));
  }
}

std::string textOf(const std::vector<Field>& fields) {
  std::string line;
  for (const auto& [name, value, before, after] : fields) {
    if (!line.empty()) line += ' ';
    line += before;
    if (value.is_string())
      appendEscaped(line, value.get_ref<const std::string&>());
    else
      line += value.is_null() ? "-" : value.dump();
    line += after;
  }
  return line;
}

std::string jsonOf(std::vector<Field> fields) {
  Json line = Json::object();
  for (auto& field : fields) line[field.name] = std::move(field.value);
  return line.dump(-1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace

std::string accessLogLine(const RequestRecord& record, std::chrono::system_clock::time_point time,
                          AccessLogFormat format) {
  auto fields = fieldsOf(record, time);
  return format == AccessLogFormat::kJson ? jsonOf(std::move(fields)) : textOf(fields);
}

}  // namespace sluice::agent
