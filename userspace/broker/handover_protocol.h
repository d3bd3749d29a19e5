// SPDX-License-Identifier: Apache-2.0
// What two sluiced say to each other when one takes the other's place: messages of fixed size, one
// per packet of a SOCK_SEQPACKET connection, file descriptors beside them (SCM_RIGHTS). The two
// are of different versions: a message never changes. What has to change gets a new
// kHandoverVersion, and the one that goes refuses a version that it does not know.
//
//   new: Ask
//   old: Refused, or Place, then a PlaceOfWorkload for each workload
//   new: StopAccepting     old: Stopped    the listeners' backlogs wait from here on
//   new: Taken                             the old one drains, and ends
//
// The end of a process alone closes the connection: that of the new one before Taken gives the old
// one its place back (docs/adr/0013-handover.md). Integers are in host byte order.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "userspace/base/fd.h"
#include "userspace/base/result.h"
#include "userspace/broker/listeners.h"
#include "userspace/broker/packet.h"
#include "userspace/model/ids.h"

namespace sluice::broker {

constexpr uint32_t kHandoverMagic = 0x656c7321;
constexpr uint32_t kHandoverVersion = 1;

enum class HandoverType : uint32_t {
  kAsk = 1,
  kRefused,
  kPlace,
  kWorkload,
  kStopAccepting,
  kStopped,
  kTaken
};

struct HandoverHeader {
  uint32_t magic = kHandoverMagic;
  uint32_t version = kHandoverVersion;  ///< of the one that sends
  uint32_t type = 0;                    ///< HandoverType
  uint32_t pad = 0;
};

/// Ask, StopAccepting, Stopped, Taken.
struct HandoverSign {
  HandoverHeader header;
};

struct Refused {
  static constexpr HandoverType kType = HandoverType::kRefused;
  HandoverHeader header;
  char why[240] = {};  ///< NUL-terminated; cut when longer
};

/// fds: the lock of the pin directory, then the listening sockets for the next hand-over, of the
/// admin socket, and for metrics.
struct Place {
  static constexpr HandoverType kType = HandoverType::kPlace;
  HandoverHeader header;
  uint32_t schema = 0;     ///< of the tables by which the workloads are steered
  uint32_t workloads = 0;  ///< how many follow
};

/// fds: listener4, alive, and listener6 if its port is not 0.
struct PlaceOfWorkload {
  static constexpr HandoverType kType = HandoverType::kWorkload;
  HandoverHeader header;
  uint64_t workload = 0;
  uint64_t namespace_device = 0;  ///< of the network namespace's file
  uint64_t namespace_inode = 0;
  uint64_t netns_cookie = 0;
  uint16_t listener4_port = 0;
  uint16_t listener6_port = 0;
  uint16_t alive_port = 0;
  uint16_t pad = 0;
};

static_assert(sizeof(HandoverSign) == 16 && sizeof(Refused) == 256 && sizeof(Place) == 24 &&
                  sizeof(PlaceOfWorkload) == 56,
              "these are frozen: see kHandoverVersion");

template <typename Message>
Message handoverMessage(HandoverType type) {
  static_assert(std::has_unique_object_representations_v<Message>, "padding would leak memory");
  Message message;
  message.header.type = static_cast<uint32_t>(type);
  return message;
}

/// The header of a packet of this version. kUnsupported: it is of another one, or no message at
/// all.
Result<HandoverHeader> handoverHeader(const Packet& packet);

/// kUnavailable: the kernel could not deliver its descriptors; kInvalid: another type or size.
template <typename Message>
Result<Message> decodeHandover(const Packet& packet, HandoverType type) {
  const auto header = handoverHeader(packet);
  if (!header) return header.error();
  if (packet.fds_lost)
    return Error(Error::Code::kUnavailable, "hand-over: too many open files",
                 "raise the limit of open files of sluiced (LimitNOFILE)");
  if (header->type != static_cast<uint32_t>(type) || packet.bytes.size() != sizeof(Message))
    return Error(Error::Code::kInvalid, "hand-over: a message of another type or size");
  Message message;
  std::memcpy(&message, packet.bytes.data(), sizeof(message));
  return message;
}

/// What one hands to the other, beside listeners.
struct PlaceSockets {
  Fd lock, successor, admin, metrics;
};

Packet packetOf(HandoverType sign);
Packet packetOfRefusal(std::string_view why);
Packet packetOf(uint32_t schema, uint32_t workloads, PlaceSockets sockets);
Packet packetOf(WorkloadId workload, InheritedListeners listeners);

/// `packet` is a PlaceOfWorkload. kInvalid: not all of it came.
Result<std::pair<WorkloadId, InheritedListeners>> workloadOf(Packet packet);

/// Where the sluiced behind the admin socket `socket` waits for the one that takes its place.
std::string handoverPath(const std::string& socket);

/// Of another process at the other end of a Unix socket: the same user?
bool isSameUser(int socket);

}  // namespace sluice::broker
