// SPDX-License-Identifier: Apache-2.0
// What agent and broker say to each other: messages of fixed size, one per packet of a
// SOCK_SEQPACKET pair, file descriptors beside them (SCM_RIGHTS). Both ends are of one build and
// on one machine: integers are in host byte order unless they say otherwise.
//
//   control channel   broker: Hello (once, with the fds of the tables and of the worker channels)
//                     agent: Enroll, KeepOnly,     broker: EnrollReply, Reply
//                            ResetGone, ListConnections, Drain, Report
//                     broker: Command (unasked; the agent answers with a Report when it is done)
//   worker channels   agent: Connect               broker: Reply (with the socket)
//
// Each request gets one reply with its number. Whatever breaks these rules ends the session.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>

#include "maps/abi/types.h"
#include "userspace/base/result.h"
#include "userspace/model/broker.h"
#include "userspace/model/neighbour.h"
#include "userspace/model/schema.h"

namespace sluice::broker {

/// Raise with any change of a message.
constexpr uint32_t kProtocol = 5;

/// The descriptor under which the agent inherits its end of the control channel.
constexpr int kControlFd = 3;

/// Linux: SCM_MAX_FD, the most that one packet carries.
constexpr size_t kMaxFds = 253;

constexpr size_t kMaxPath = 1024;  ///< with the final NUL

enum class MessageType : uint32_t {
  kHello = 1,
  kEnroll,
  kEnrollReply,
  kKeepOnly,
  kConnect,
  kReply,
  kResetGone,
  kListConnections,
  kCommand,
  kReport,
  kDrain
};

struct Header {
  uint32_t type = 0;  ///< MessageType
  uint32_t pad = 0;
  uint64_t request = 0;  ///< the agent's number of the request; 0 in Hello and Command
};

/// How a request ended.
struct Status {
  uint32_t failure = 0;  ///< 0: success, else 1 + Error::Code
  int32_t errnum = 0;
  char message[240] = {};  ///< NUL-terminated; cut when longer
  char hint[240] = {};
};

/// fds: the tables in the order of maps/abi/tables.def with the ring `events` behind them, one
/// channel per worker, the sockets.
struct Hello {
  static constexpr MessageType kType = MessageType::kHello;
  Header header;
  uint32_t protocol = kProtocol;
  uint32_t schema = kSchema;
  uint32_t tables = 0;
  uint32_t workers = 0;
  uint32_t sockets = 0;
  uint32_t pad = 0;
};

struct Enroll {
  static constexpr MessageType kType = MessageType::kEnroll;
  Header header;
  uint64_t workload = 0;
  char cgroup[kMaxPath] = {};             ///< NUL-terminated
  char network_namespace[kMaxPath] = {};  ///< NUL-terminated
};

struct NeighbourRecord {
  char code[8] = {};           ///< NUL-terminated
  char who[kMaxWho + 8] = {};  ///< NUL-terminated
};

/// As many kinds as can come together: a sandbox has neither sidecar nor Envoy.
constexpr size_t kMaxNeighbours = 8;

/// fds: listener4 and listener6, those whose ports are not 0; none after a failure.
struct EnrollReply {
  static constexpr MessageType kType = MessageType::kEnrollReply;
  Header header;
  Status status;
  uint64_t netns_cookie = 0;
  uint16_t listener4_port = 0;
  uint16_t listener6_port = 0;
  uint16_t alive_port = 0;
  uint16_t neighbour_count = 0;
  uint8_t address4[16] = {};  ///< v4-mapped, network byte order
  uint8_t address6[16] = {};  ///< network byte order
  NeighbourRecord neighbours[kMaxNeighbours] = {};
};

constexpr uint32_t kKeepFirst = 1;  ///< starts a new list
constexpr uint32_t kKeepLast = 2;   ///< ends it: do it, and reply

/// A part of a list of workloads.
struct KeepOnly {
  static constexpr MessageType kType = MessageType::kKeepOnly;
  static constexpr size_t kCapacity = 128;
  Header header;
  uint32_t flags = 0;  ///< kKeep*
  uint32_t count = 0;
  uint64_t workloads[kCapacity] = {};
};

/// Of all enrolled workloads. The answer's file has a ConnectionRecord for each.
struct ListConnections {
  static constexpr MessageType kType = MessageType::kListConnections;
  Header header;
};

struct ConnectionRecord {
  uint64_t workload = 0;
  uint8_t client[16] = {};   ///< v4-mapped, network byte order
  uint8_t peer[16] = {};     ///< v4-mapped, network byte order
  uint16_t client_port = 0;  ///< host byte order
  uint16_t peer_port = 0;    ///< host byte order
  uint16_t state = 0;        ///< TCP_ESTABLISHED and the like
  uint16_t steered = 0;      ///< 0: `record` means nothing
  connection record = {};
};
static_assert(std::has_unique_object_representations_v<ConnectionRecord>);

/// Some endpoints are marked ENDPOINT_GONE.
struct ResetGone {
  static constexpr MessageType kType = MessageType::kResetGone;
  Header header;
};

/// Bindings or workloads mean other routes than before.
struct Drain {
  static constexpr MessageType kType = MessageType::kDrain;
  Header header;
};

struct Connect {
  static constexpr MessageType kType = MessageType::kConnect;
  Header header;
  uint64_t workload = 0;
  uint32_t route = 0;
  uint32_t cluster = 0;
  uint32_t endpoint = 0;
  uint16_t origin_port = 0;  ///< host byte order; 0: to the endpoint
  uint16_t pad = 0;
  uint8_t origin_address[16] = {};  ///< v4-mapped, network byte order
};

/// What the agent of a sluiced that is being replaced is told (docs/adr/0013-handover.md).
enum class Order : uint32_t {
  kPause = 1,      ///< write no table and ask for nothing from here on; go on proxying
  kResume,         ///< all of it again, from what the tables hold by now
  kStopAccepting,  ///< leave new connections in the listeners' backlogs
  kRetire          ///< end: let connections finish, for `seconds` at most
};

struct Command {
  static constexpr MessageType kType = MessageType::kCommand;
  Header header;
  uint32_t order = 0;    ///< Order
  uint32_t seconds = 0;  ///< of kRetire
  uint64_t round = 0;    ///< to be named in the Report
};

enum class Event : uint32_t {
  kDone = 1,  ///< what the Command of that round ordered; none for kRetire
  kReady,     ///< about to publish for the first time: the reply says when
  kServes,    ///< has published, and hears everybody's listeners
  kFails      ///< nothing is in force, and an attempt to change that has failed
};

struct Report {
  static constexpr MessageType kType = MessageType::kReport;
  Header header;
  uint32_t event = 0;  ///< Event
  uint32_t pad = 0;
  uint64_t round = 0;  ///< of kDone
};

/// To KeepOnly, ResetGone, Drain and Report, and with one fd after a success to Connect (the
/// socket) and to ListConnections (the file).
struct Reply {
  static constexpr MessageType kType = MessageType::kReply;
  Header header;
  Status status;
};

constexpr size_t kMaxMessage = sizeof(Enroll);

/// A message with its type and number filled in.
template <typename Message>
Message message(uint64_t request) {
  static_assert(std::has_unique_object_representations_v<Message>, "padding would leak memory");
  static_assert(sizeof(Message) <= kMaxMessage);
  Message result;
  result.header.type = static_cast<uint32_t>(Message::kType);
  result.header.request = request;
  return result;
}

template <typename Message>
std::span<const std::byte> bytesOf(const Message& message) {
  return std::as_bytes(std::span<const Message, 1>(&message, 1));
}

/// The type that a packet claims; 0, which is no type, when it is too short for a header.
inline uint32_t typeOf(std::span<const std::byte> packet) {
  uint32_t type = 0;
  if (packet.size() >= sizeof(Header)) std::memcpy(&type, packet.data(), sizeof(type));
  return type;
}

/// Fails with kInvalid when type or size is another one.
template <typename Message>
Result<Message> decode(std::span<const std::byte> packet) {
  static_assert(std::is_trivially_copyable_v<Message>);
  if (typeOf(packet) != static_cast<uint32_t>(Message::kType) || packet.size() != sizeof(Message)) {
    return Error(Error::Code::kInvalid, "broker channel: a message of another type or size");
  }
  Message result;
  std::memcpy(&result, packet.data(), sizeof(result));
  return result;
}

/// Refuses paths that are too long, contain "..", or are not absolute where they must be, so that
/// both ends judge alike: the agent answers its user, the broker ends the session.
Result<void> check(const Enrolment& enrolment);

/// `enrolment` has passed check().
void store(const Enrolment& enrolment, Enroll& message);
/// Fails with kInvalid when a text has no end, or the enrolment does not pass check().
Result<Enrolment> load(const Enroll& message);

void store(const UpstreamTarget& target, Connect& message);
UpstreamTarget load(const Connect& message);

void store(const Neighbours& neighbours, EnrollReply& reply);
/// Fails with kInvalid when there are too many, a text has no end or a code does not exist.
Result<Neighbours> neighboursOf(const EnrollReply& reply);

ConnectionRecord recordOf(const WorkloadConnection& connection);
WorkloadConnection connectionOf(const ConnectionRecord& record);

void store(const Error& error, Status& status);
/// The error as the other end had it (texts may be cut); success when there was none.
Result<void> load(const Status& status);

}  // namespace sluice::broker
