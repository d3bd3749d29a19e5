// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/handover_protocol.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "userspace/broker/protocol.h"

namespace sluice::broker {

namespace {

template <typename Message>
Packet packetWith(const Message& message, std::vector<Fd> fds = {}) {
  const auto bytes = bytesOf(message);
  return {{bytes.begin(), bytes.end()}, std::move(fds)};
}

}  // namespace

Result<HandoverHeader> handoverHeader(const Packet& packet) {
  HandoverHeader header;
  const Error unknown(Error::Code::kUnsupported, "hand-over: not a message of sluiced");
  if (packet.bytes.size() < sizeof(header)) return unknown;
  std::memcpy(&header, packet.bytes.data(), sizeof(header));
  if (header.magic != kHandoverMagic) return unknown;
  if (header.version == kHandoverVersion) return header;
  return Error(Error::Code::kUnsupported,
               fmt::format("hand-over: this sluiced speaks version {}, the other one {}",
                           kHandoverVersion, header.version),
               "stop the old one, then start the new one");
}

Packet packetOf(HandoverType sign) { return packetWith(handoverMessage<HandoverSign>(sign)); }

Packet packetOfRefusal(std::string_view why) {
  auto message = handoverMessage<Refused>(HandoverType::kRefused);
  why.copy(message.why, sizeof(message.why) - 1);
  return packetWith(message);
}

Packet packetOf(uint32_t schema, uint32_t workloads, PlaceSockets sockets) {
  auto message = handoverMessage<Place>(HandoverType::kPlace);
  message.schema = schema;
  message.workloads = workloads;
  std::vector<Fd> fds;
  for (auto* fd : {&sockets.lock, &sockets.successor, &sockets.admin, &sockets.metrics})
    fds.push_back(std::move(*fd));
  return packetWith(message, std::move(fds));
}

Packet packetOf(WorkloadId workload, InheritedListeners inherited) {
  auto message = handoverMessage<PlaceOfWorkload>(HandoverType::kWorkload);
  auto& listeners = inherited.listeners;
  message.workload = workload.value;
  message.namespace_device = inherited.network_namespace.device;
  message.namespace_inode = inherited.network_namespace.inode;
  message.netns_cookie = listeners.netns_cookie;
  message.listener4_port = listeners.listener4_port;
  message.listener6_port = listeners.listener6_port;
  message.alive_port = listeners.alive_port;
  std::vector<Fd> fds;
  fds.push_back(std::move(listeners.listener4));
  fds.push_back(std::move(listeners.alive));
  if (listeners.listener6) fds.push_back(std::move(listeners.listener6));
  return packetWith(message, std::move(fds));
}

Result<std::pair<WorkloadId, InheritedListeners>> workloadOf(Packet packet) {
  const auto message = decodeHandover<PlaceOfWorkload>(packet, HandoverType::kWorkload);
  if (!message) return message.error();
  const bool has_v6 = message->listener6_port != 0;
  if (packet.fds.size() != (has_v6 ? 3u : 2u))
    return Error(Error::Code::kInvalid, "hand-over: a workload without its listeners");
  Listeners listeners{std::move(packet.fds[0]), has_v6 ? std::move(packet.fds[2]) : Fd(),
                      std::move(packet.fds[1]), message->listener4_port,
                      message->listener6_port,  message->alive_port,
                      message->netns_cookie};
  return std::pair(WorkloadId{message->workload},
                   InheritedListeners{{message->namespace_device, message->namespace_inode},
                                      std::move(listeners)});
}

std::string handoverPath(const std::string& socket) { return socket + ".handover"; }

bool isSameUser(int socket) {
  ucred other{};
  socklen_t size = sizeof(other);
  return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &other, &size) == 0 &&
         other.uid == ::geteuid();
}

}  // namespace sluice::broker
