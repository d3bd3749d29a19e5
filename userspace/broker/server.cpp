// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "userspace/base/duplicate.h"

namespace sluice::broker {

namespace {

Error malformed(const char* why) {
  return Error(Error::Code::kInvalid, fmt::format("broker channel: {}", why));
}

Reply replyTo(const Header& request, const Result<void>& outcome) {
  auto reply = message<Reply>(request.request);
  if (!outcome.ok()) store(outcome.error(), reply.status);
  return reply;
}

/// With what was asked for, or why there is none.
void replyWith(Channel& channel, const Header& request, Result<Fd> fd) {
  std::vector<Fd> fds;
  Result<void> outcome;
  if (fd.ok()) {
    fds.push_back(*std::move(fd));
  } else {
    outcome = std::move(fd).error();
  }
  channel.send(bytesOf(replyTo(request, outcome)), std::move(fds));
}

Result<void> writeAll(const Fd& file, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::write(file.get(), bytes.data(), bytes.size());
    if (size < 0) return Error::system("write what the agent asked for");
    bytes = bytes.subspan(static_cast<size_t>(size));
  }
  return {};
}

/// Too many for a message. In memory, with its offset at the end.
Result<Fd> fileOf(const std::vector<WorkloadConnection>& connections) {
  Fd file(::memfd_create("sluice-connections", MFD_CLOEXEC));
  if (!file) return Error::system("memfd_create");
  std::vector<ConnectionRecord> records;
  records.reserve(connections.size());
  std::ranges::transform(connections, std::back_inserter(records), &recordOf);
  SLUICE_TRY(writeAll(file, std::as_bytes(std::span(records))));
  return file;
}

Result<void> addDuplicates(const std::vector<int>& from, std::vector<Fd>& to) {
  for (const int fd : from) {
    auto copy = duplicate(fd, "a descriptor for the agent");
    if (!copy.ok()) return std::move(copy).error();
    to.push_back(*std::move(copy));
  }
  return {};
}

void describe(const Enrolled& enrolled, EnrollReply& reply) {
  reply.netns_cookie = enrolled.netns_cookie;
  reply.listener4_port = enrolled.listener4_port;
  reply.listener6_port = enrolled.listener6_port;
  reply.alive_port = enrolled.alive_port;
  store(enrolled.neighbours, reply);
  std::ranges::copy(enrolled.address4.bytes, reply.address4);
  std::ranges::copy(enrolled.address6.bytes, reply.address6);
}

}  // namespace

Result<std::unique_ptr<Server>> Server::create(Reactor& reactor, Enrolments& enrolments,
                                               Connector& connector, Options options) {
  const size_t others = options.tables.size() + options.sockets.size();
  if (others + options.workers > kMaxFds) {
    return Error(Error::Code::kInvalid, fmt::format("{} workers", options.workers),
                 fmt::format("use at most {}", kMaxFds - others));
  }
  return std::unique_ptr<Server>(new Server(reactor, enrolments, connector, std::move(options)));
}

Server::Server(Reactor& reactor, Enrolments& enrolments, Connector& connector, Options options)
    : reactor_(reactor),
      enrolments_(enrolments),
      connector_(connector),
      options_(std::move(options)) {}

Result<Fd> Server::open() {
  close();
  session_ = std::make_shared<bool>(true);
  auto control = addChannel(&Server::onControl);
  if (!control.ok()) return control;
  std::vector<Fd> workers;
  for (uint32_t i = 0; i < options_.workers; ++i) {
    auto worker = addChannel(&Server::onWorker);
    if (!worker.ok()) return worker;
    workers.push_back(*std::move(worker));
  }
  SLUICE_TRY(greet(std::move(workers)));
  return control;
}

void Server::close() {
  session_.reset();
  channels_.clear();
  kept_.clear();
}

Result<Fd> Server::addChannel(Handle handle) {
  auto pair = packetPair();
  if (!pair.ok()) return std::move(pair).error();
  const size_t index = channels_.size();
  auto channel = Channel::open(
      reactor_, std::move(pair->first), Channel::Reading::kWhenNothingWaits,
      [this, handle, index](const Packet& packet) {
        if (!packet.fds.empty()) return Result<void>(malformed("a request with descriptors"));
        return (this->*handle)(*channels_[index], packet);
      },
      [this](const Error& error) { onEnded(error); });
  if (!channel.ok()) return std::move(channel).error();
  channels_.push_back(*std::move(channel));
  return std::move(pair->second);
}

Result<void> Server::greet(std::vector<Fd> workers) {
  std::vector<Fd> fds;
  SLUICE_TRY(addDuplicates(options_.tables, fds));
  std::ranges::move(workers, std::back_inserter(fds));
  SLUICE_TRY(addDuplicates(options_.sockets, fds));
  auto hello = message<Hello>(0);
  hello.tables = static_cast<uint32_t>(options_.tables.size());
  hello.workers = options_.workers;
  hello.sockets = static_cast<uint32_t>(options_.sockets.size());
  channels_.front()->send(bytesOf(hello), std::move(fds));
  return {};
}

void Server::onEnded(const Error& error) {
  close();
  if (options_.ended) options_.ended(error);
}

Result<void> Server::onControl(Channel& channel, const Packet& packet) {
  if (typeOf(packet.bytes) == static_cast<uint32_t>(MessageType::kKeepOnly)) {
    const auto request = decode<KeepOnly>(packet.bytes);
    return request.ok() ? onKeepOnly(channel, *request) : request.error();
  }
  if (typeOf(packet.bytes) == static_cast<uint32_t>(MessageType::kResetGone)) {
    const auto request = decode<ResetGone>(packet.bytes);
    if (!request.ok()) return request.error();
    channel.send(bytesOf(replyTo(request->header, options_.reset_gone())));
    return {};
  }
  if (typeOf(packet.bytes) == static_cast<uint32_t>(MessageType::kDrain)) {
    const auto request = decode<Drain>(packet.bytes);
    if (!request.ok()) return request.error();
    options_.drain();
    channel.send(bytesOf(replyTo(request->header, {})));
    return {};
  }
  if (typeOf(packet.bytes) == static_cast<uint32_t>(MessageType::kListConnections)) {
    const auto request = decode<ListConnections>(packet.bytes);
    if (!request.ok()) return request.error();
    const auto connections = options_.connections();
    replyWith(channel, request->header,
              connections.ok() ? fileOf(*connections) : Result<Fd>(connections.error()));
    return {};
  }
  if (typeOf(packet.bytes) == static_cast<uint32_t>(MessageType::kReport)) {
    const auto request = decode<Report>(packet.bytes);
    return request.ok() ? onReport(*request) : request.error();
  }
  const auto request = decode<Enroll>(packet.bytes);
  return request.ok() ? onEnroll(channel, *request) : request.error();
}

Result<void> Server::onEnroll(Channel& channel, const Enroll& request) {
  const auto enrolment = load(request);
  if (!enrolment.ok()) return enrolment.error();
  auto reply = message<EnrollReply>(request.header.request);
  std::vector<Fd> fds;
  auto enrolled = enrolments_.enroll(*enrolment);
  if (enrolled.ok()) {
    describe(*enrolled, reply);
    if (enrolled->listener4) fds.push_back(std::move(enrolled->listener4));
    if (enrolled->listener6) fds.push_back(std::move(enrolled->listener6));
  } else {
    store(enrolled.error(), reply.status);
  }
  channel.send(bytesOf(reply), std::move(fds));
  return {};
}

Result<void> Server::onKeepOnly(Channel& channel, const KeepOnly& request) {
  if (request.count > KeepOnly::kCapacity) return malformed("a list longer than its message");
  if ((request.flags & kKeepFirst) != 0) kept_.clear();
  if (kept_.size() + request.count > SLUICE_MAX_WORKLOADS) return malformed("too many workloads");
  for (const uint64_t id : std::span(request.workloads).first(request.count)) {
    kept_.push_back(WorkloadId{id});
  }
  if ((request.flags & kKeepLast) == 0) return {};
  const auto outcome = enrolments_.keepOnly(std::exchange(kept_, {}));
  channel.send(bytesOf(replyTo(request.header, outcome)));
  return {};
}

/// The only one that may be answered later: by then the agent may be another one.
Result<void> Server::onReport(const Report& request) {
  options_.reported(request,
                    [this, header = request.header, session = std::weak_ptr<const bool>(session_)] {
                      if (!session.expired()) channels_.front()->send(bytesOf(replyTo(header, {})));
                    });
  return {};
}

void Server::command(Order order, uint64_t round, uint32_t seconds) {
  if (channels_.empty()) return;
  auto command = message<Command>(0);
  command.order = static_cast<uint32_t>(order);
  command.seconds = seconds;
  command.round = round;
  channels_.front()->send(bytesOf(command));
}

Result<void> Server::onWorker(Channel& channel, const Packet& packet) {
  const auto request = decode<Connect>(packet.bytes);
  if (!request.ok()) return request.error();
  replyWith(channel, request->header, connector_.connect(load(*request)));
  return {};
}

}  // namespace sluice::broker
