// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "userspace/model/codes.h"

namespace sluice::broker {

namespace {

bool hasParentStep(std::string_view path) {
  return fmt::format("/{}/", path).find("/../") != std::string::npos;
}

Result<void> checkPath(const char* field, const std::string& path) {
  // A NUL would end the path earlier for the broker than for whoever wrote it.
  if (path.size() >= kMaxPath || path.find('\0') != std::string::npos || hasParentStep(path)) {
    return Error(Error::Code::kInvalid, fmt::format("{} \"{}\"", field, path),
                 fmt::format("use a path shorter than {} bytes without \"..\"", kMaxPath));
  }
  return {};
}

void copy(std::string_view text, std::span<char> to) {
  const size_t length = std::min(text.size(), to.size() - 1);
  std::copy_n(text.begin(), length, to.begin());
}

Result<std::string> textOf(std::span<const char> field) {
  const auto end = std::ranges::find(field, '\0');
  if (end == field.end()) {
    return Error(Error::Code::kInvalid, "broker channel: a text without an end");
  }
  return std::string(field.begin(), end);
}

}  // namespace

Result<void> check(const Enrolment& enrolment) {
  SLUICE_TRY(checkPath("cgroup", enrolment.cgroup));
  SLUICE_TRY(checkPath("networkNamespace", enrolment.network_namespace));
  if (enrolment.cgroup.find_first_not_of('/') == std::string::npos) {
    return Error(Error::Code::kInvalid, fmt::format("cgroup \"{}\"", enrolment.cgroup),
                 "name a cgroup below the root; the root would be every process of the node");
  }
  if (!enrolment.network_namespace.starts_with('/')) {
    return Error(Error::Code::kInvalid,
                 fmt::format("networkNamespace \"{}\"", enrolment.network_namespace),
                 "use the absolute path of the namespace's file, such as /run/netns/web");
  }
  if (!enrolment.workload) return Error(Error::Code::kInvalid, "workload id 0");
  return {};
}

void store(const Enrolment& enrolment, Enroll& message) {
  message.workload = enrolment.workload.value;
  copy(enrolment.cgroup, message.cgroup);
  copy(enrolment.network_namespace, message.network_namespace);
}

Result<Enrolment> load(const Enroll& message) {
  auto cgroup = textOf(message.cgroup);
  if (!cgroup.ok()) return std::move(cgroup).error();
  auto network_namespace = textOf(message.network_namespace);
  if (!network_namespace.ok()) return std::move(network_namespace).error();
  Enrolment enrolment{{message.workload}, *std::move(cgroup), *std::move(network_namespace)};
  SLUICE_TRY(check(enrolment));
  return enrolment;
}

void store(const UpstreamTarget& target, Connect& message) {
  message.workload = target.workload.value;
  message.route = target.route.value;
  message.cluster = target.cluster.value;
  message.endpoint = target.endpoint.value;
  if (!target.origin) return;
  message.origin_port = target.origin->port;
  std::ranges::copy(target.origin->ip.bytes, message.origin_address);
}

UpstreamTarget load(const Connect& message) {
  UpstreamTarget target{{message.workload}, {message.route}, {message.cluster}, {message.endpoint}};
  if (message.origin_port == 0) return target;
  auto& origin = target.origin.emplace();
  origin.port = message.origin_port;
  std::ranges::copy(message.origin_address, origin.ip.bytes.begin());
  return target;
}

void store(const Neighbours& neighbours, EnrollReply& reply) {
  const auto count = std::min(neighbours.size(), kMaxNeighbours);
  reply.neighbour_count = static_cast<uint16_t>(count);
  for (size_t i = 0; i < count; ++i) {
    copy(neighbours[i].code, reply.neighbours[i].code);
    copy(neighbours[i].who, reply.neighbours[i].who);
  }
}

Result<Neighbours> neighboursOf(const EnrollReply& reply) {
  if (reply.neighbour_count > kMaxNeighbours)
    return Error(Error::Code::kInvalid, "broker channel: too many neighbours");
  Neighbours neighbours;
  for (const auto& record : std::span(reply.neighbours).first(reply.neighbour_count)) {
    auto code = textOf(record.code);
    if (!code.ok()) return std::move(code).error();
    auto who = textOf(record.who);
    if (!who.ok()) return std::move(who).error();
    if (findCode(*code) == nullptr || !isOfNeighbours(*code))
      return Error(Error::Code::kInvalid, "broker channel: an unknown kind of neighbour");
    neighbours.push_back({*std::move(code), *std::move(who)});
  }
  return neighbours;
}

ConnectionRecord recordOf(const WorkloadConnection& connection) {
  ConnectionRecord record;
  record.workload = connection.workload.value;
  std::ranges::copy(connection.client.ip.bytes, record.client);
  std::ranges::copy(connection.peer.ip.bytes, record.peer);
  record.client_port = connection.client.port;
  record.peer_port = connection.peer.port;
  record.state = connection.state;
  record.steered = connection.record ? 1 : 0;
  if (connection.record) record.record = *connection.record;
  return record;
}

WorkloadConnection connectionOf(const ConnectionRecord& record) {
  WorkloadConnection connection;
  connection.workload = {record.workload};
  std::ranges::copy(record.client, connection.client.ip.bytes.begin());
  std::ranges::copy(record.peer, connection.peer.ip.bytes.begin());
  connection.client.port = record.client_port;
  connection.peer.port = record.peer_port;
  connection.state = static_cast<uint8_t>(record.state);
  if (record.steered != 0) connection.record = record.record;
  return connection;
}

void store(const Error& error, Status& status) {
  status.failure = 1 + static_cast<uint32_t>(error.code());
  status.errnum = error.errnum();
  copy(error.message(), status.message);
  copy(error.hint(), status.hint);
}

Result<void> load(const Status& status) {
  if (status.failure == 0) return {};
  auto message = textOf(status.message);
  if (!message.ok()) return std::move(message).error();
  auto hint = textOf(status.hint);
  if (!hint.ok()) return std::move(hint).error();
  const auto last = 1 + static_cast<uint32_t>(Error::Code::kSystem);
  if (status.failure > last) {
    return Error(Error::Code::kInvalid, "broker channel: an unknown error code");
  }
  return Error::relayed(static_cast<Error::Code>(status.failure - 1), status.errnum,
                        *std::move(message), *std::move(hint));
}

}  // namespace sluice::broker
