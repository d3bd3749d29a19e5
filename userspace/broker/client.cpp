// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/client.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <iterator>

#include "userspace/broker/protocol.h"
#include "userspace/model/schema.h"

namespace sluice::broker {

namespace {

Error lostFds() {
  return Error(Error::Code::kExhausted, "receive a socket from the broker: too many open files",
               "raise the limit of open files of sluiced (LimitNOFILE)");
}

/// The answer as a Message whose status is success and that brought `fds` descriptors.
template <typename Message>
Result<Message> successOf(const Result<Packet>& packet) {
  if (!packet.ok()) return packet.error();
  auto reply = decode<Message>(packet->bytes);
  if (!reply.ok()) return reply;
  SLUICE_TRY(load(reply->status));
  if (packet->fds_lost) return lostFds();
  return reply;
}

Result<void> expectFds(const Packet& packet, size_t count) {
  if (packet.fds.size() == count) return {};
  return Error(Error::Code::kInvalid, fmt::format("broker channel: {} descriptors instead of {}",
                                                  packet.fds.size(), count));
}

/// The only descriptor that the answer brings.
Result<Fd> fdOf(Result<Packet> packet) {
  const auto reply = successOf<Reply>(packet);
  if (!reply.ok()) return reply.error();
  SLUICE_TRY(expectFds(*packet, 1));
  return std::move(packet->fds.front());
}

Result<std::vector<WorkloadConnection>> connectionsOf(Result<Packet> packet) {
  const auto file = fdOf(std::move(packet));
  if (!file.ok()) return file.error();
  std::vector<WorkloadConnection> connections;
  ConnectionRecord record;
  constexpr ssize_t kSize = sizeof(record);
  off_t offset = 0;
  for (; ::pread(file->get(), &record, sizeof(record), offset) == kSize; offset += kSize)
    connections.push_back(connectionOf(record));
  return connections;
}

Result<void> outcomeOf(const Result<Packet>& packet) {
  const auto reply = successOf<Reply>(packet);
  return reply.ok() ? Result<void>() : reply.error();
}

Result<Enrolled> enrolledOf(Result<Packet> packet) {
  const auto reply = successOf<EnrollReply>(packet);
  if (!reply.ok()) return reply.error();
  const size_t has4 = reply->listener4_port != 0, has6 = reply->listener6_port != 0;
  SLUICE_TRY(expectFds(*packet, has4 + has6));
  auto neighbours = neighboursOf(*reply);
  if (!neighbours.ok()) return std::move(neighbours).error();
  Enrolled enrolled;
  if (has4 != 0) enrolled.listener4 = std::move(packet->fds.front());
  if (has6 != 0) enrolled.listener6 = std::move(packet->fds.back());
  enrolled.listener4_port = reply->listener4_port;
  enrolled.listener6_port = reply->listener6_port;
  enrolled.alive_port = reply->alive_port;
  enrolled.netns_cookie = reply->netns_cookie;
  enrolled.neighbours = *std::move(neighbours);
  std::ranges::copy(reply->address4, enrolled.address4.bytes.begin());
  std::ranges::copy(reply->address6, enrolled.address6.bytes.begin());
  return enrolled;
}

Result<Packet> await(int control, Duration longest) {
  pollfd wait{control, POLLIN, 0};
  const auto limit = std::chrono::ceil<std::chrono::milliseconds>(longest).count();
  const int ready = ::poll(&wait, 1, static_cast<int>(limit));
  if (ready < 0) return Error::system("wait for the broker");
  auto packet = receivePacket(control);
  if (!packet.ok()) return std::move(packet).error();
  if (!*packet) return Error(Error::Code::kUnavailable, "the broker does not say hello");
  return **std::move(packet);
}

}  // namespace

Result<Session> join(int control, Duration longest) {
  auto packet = await(control, longest);
  if (!packet.ok()) return std::move(packet).error();
  const auto hello = decode<Hello>(packet->bytes);
  if (!hello.ok()) return hello.error();
  if (hello->protocol != kProtocol || hello->schema != kSchema) {
    return Error(Error::Code::kUnsupported, "the broker is of another build than the agent",
                 "start sluiced afresh, it starts both");
  }
  if (packet->fds_lost) return lostFds();
  SLUICE_TRY(expectFds(*packet, size_t{hello->tables} + hello->workers + hello->sockets));
  auto next = std::make_move_iterator(packet->fds.begin());
  const auto take = [&next](uint32_t count) {
    std::vector<Fd> taken(next, next + count);
    next += count;
    return taken;
  };
  auto tables = take(hello->tables);
  auto workers = take(hello->workers);
  return Session{std::move(tables), std::move(workers), take(hello->sockets)};
}

Result<std::unique_ptr<WorkloadClient>> WorkloadClient::create(Reactor& reactor, Fd control,
                                                               Calls::Lost lost, Ordered ordered) {
  Calls::Told told;
  if (ordered)
    told = [ordered = std::move(ordered)](const Packet& packet) -> Result<void> {
      const auto command = decode<Command>(packet.bytes);
      if (!command.ok()) return command.error();
      ordered(*command);
      return {};
    };
  auto calls = Calls::open(reactor, std::move(control), std::move(lost), std::move(told));
  if (!calls.ok()) return std::move(calls).error();
  return std::unique_ptr<WorkloadClient>(new WorkloadClient(reactor, *std::move(calls)));
}

void WorkloadClient::enroll(const Enrolment& enrolment,
                            std::function<void(Result<Enrolled>)> done) {
  auto checked = check(enrolment);
  if (!checked.ok()) {
    reactor_.post([done = std::move(done), error = std::move(checked).error()] { done(error); });
    return;
  }
  auto request = message<Enroll>(calls_->number());
  store(enrolment, request);
  calls_->send(
      request.header.request, bytesOf(request),
      [done = std::move(done)](Result<Packet> packet) { done(enrolledOf(std::move(packet))); });
}

void WorkloadClient::keepOnly(const std::vector<WorkloadId>& workloads,
                              std::function<void(Result<void>)> done) {
  if (workloads.size() > SLUICE_MAX_WORKLOADS) {
    reactor_.post([done = std::move(done)] {
      done(Error(Error::Code::kExhausted,
                 fmt::format("more than {} workloads", SLUICE_MAX_WORKLOADS)));
    });
    return;
  }
  auto request = message<KeepOnly>(calls_->number());
  request.flags = kKeepFirst;
  for (const auto workload : workloads) {
    if (request.count == KeepOnly::kCapacity) {
      calls_->announce(bytesOf(request));
      request.flags = 0;
      request.count = 0;
    }
    request.workloads[request.count++] = workload.value;
  }
  request.flags |= kKeepLast;
  calls_->send(request.header.request, bytesOf(request),
               [done = std::move(done)](const Result<Packet>& packet) { done(outcomeOf(packet)); });
}

void WorkloadClient::list(std::function<void(Result<std::vector<WorkloadConnection>>)> done) {
  const auto request = message<ListConnections>(calls_->number());
  calls_->send(
      request.header.request, bytesOf(request),
      [done = std::move(done)](Result<Packet> packet) { done(connectionsOf(std::move(packet))); });
}

template <typename Message>
void WorkloadClient::ask(std::function<void(Result<void>)> done) {
  const auto request = message<Message>(calls_->number());
  calls_->send(request.header.request, bytesOf(request),
               [done = std::move(done)](const Result<Packet>& packet) { done(outcomeOf(packet)); });
}

void WorkloadClient::resetGone(std::function<void(Result<void>)> done) {
  ask<ResetGone>(std::move(done));
}

void WorkloadClient::drain(std::function<void(Result<void>)> done) { ask<Drain>(std::move(done)); }

void WorkloadClient::report(Event event, uint64_t round, std::function<void()> answered) {
  auto request = message<Report>(calls_->number());
  request.event = static_cast<uint32_t>(event);
  request.round = round;
  calls_->send(request.header.request, bytesOf(request),
               [answered = std::move(answered)](const Result<Packet>& packet) {
                 // A broker that is gone ends the agent: see `lost`.
                 if (outcomeOf(packet)) answered();
               });
}

Result<std::unique_ptr<SocketClient>> SocketClient::create(Reactor& reactor, Fd worker,
                                                           Calls::Lost lost) {
  auto calls = Calls::open(reactor, std::move(worker), std::move(lost));
  if (!calls.ok()) return std::move(calls).error();
  return std::unique_ptr<SocketClient>(new SocketClient(*std::move(calls)));
}

void SocketClient::connect(const UpstreamTarget& target, Opened opened) {
  auto request = message<Connect>(calls_->number());
  store(target, request);
  calls_->send(
      request.header.request, bytesOf(request),
      [opened = std::move(opened)](Result<Packet> packet) { opened(fdOf(std::move(packet))); });
}

}  // namespace sluice::broker
