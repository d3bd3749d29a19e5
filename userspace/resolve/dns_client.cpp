// SPDX-License-Identifier: Apache-2.0
#include "userspace/resolve/dns_client.h"

#include <ares.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <system_error>
#include <utility>

#include "userspace/base/fd.h"

namespace sluice::resolve {
namespace {

constexpr const char* kServersFile = "/etc/resolv.conf";

std::filesystem::file_time_type serversTime() {
  std::error_code absent;  // then c-ares asks 127.0.0.1, and the file may still come
  const auto time = std::filesystem::last_write_time(kServersFile, absent);
  return absent ? std::filesystem::file_time_type{} : time;
}

/// "10.0.0.10:53,[fd00::a]:53".
std::string listOf(const std::vector<SocketAddress>& servers) {
  std::string list;
  for (const auto& server : servers) list += (list.empty() ? "" : ",") + server.text();
  return list;
}

/// Nothing is sent by it: connecting a UDP socket looks for a route.
bool hasRouteTo(const IpAddress& ip) {
  const Fd probe(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_storage storage{};
  const auto length = SocketAddress{ip, 53}.to(AF_INET6, storage);
  return probe && ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&storage), length) == 0;
}

/// What c-ares has found of one family.
struct Found {
  int status = ARES_ENODATA;
  std::vector<IpAddress> addresses;
  std::chrono::seconds ttl = std::chrono::seconds::max();
};

bool isSilence(int status) { return status == ARES_ENODATA || status == ARES_ENOTFOUND; }

void read(const ares_addrinfo& list, Found& found) {
  for (const auto* node = list.nodes; node != nullptr; node = node->ai_next) {
    sockaddr_storage storage{};
    std::memcpy(&storage, node->ai_addr, node->ai_addrlen);
    const auto address = SocketAddress::from(storage);
    if (!address) continue;
    found.addresses.push_back(address->ip);
    found.ttl = std::min(found.ttl, std::chrono::seconds(std::max(node->ai_ttl, 0)));
  }
  for (const auto* alias = list.cnames; alias != nullptr; alias = alias->next)
    found.ttl = std::min(found.ttl, std::chrono::seconds(std::max(alias->ttl, 0)));
}

DnsAnswer combine(Found v4, const Found& v6) {
  DnsAnswer answer;
  answer.addresses = std::move(v4.addresses);
  const bool alone = answer.addresses.empty();
  std::ranges::copy_if(v6.addresses, std::back_inserter(answer.addresses),
                       [&](const auto& ip) { return alone || hasRouteTo(ip); });
  if (!answer.addresses.empty()) {
    answer.kind = DnsAnswer::Kind::kAddresses;
    answer.ttl = std::min(v4.ttl, v6.ttl);
  } else if (isSilence(v4.status) && isSilence(v6.status)) {
    answer.kind = DnsAnswer::Kind::kNone;
    answer.problem = "DNS has no address of this name";
  } else {
    answer.problem = ares_strerror(isSilence(v4.status) ? v6.status : v4.status);
  }
  return answer;
}

}  // namespace

/// One lookup: c-ares is asked for each family by itself. Asked for both at once it answers with
/// the status of whichever came last, so that a failure can pass for a name without addresses.
struct DnsClient::Query {
  struct Part {
    Query* query;
    Found found = {};
  };

  Query(DnsClient& of, Done then) : client(of), done(std::move(then)) {}

  void ask(ares_channeldata* channel, const char* name, int family, Part& part) {
    ares_addrinfo_hints hints{};
    hints.ai_family = family;
    hints.ai_flags = ARES_AI_NOSORT;  // DNS_ROUND_ROBIN is about the order of the answer
    hints.ai_socktype = SOCK_STREAM;
    ares_getaddrinfo(channel, name, nullptr, &hints, onAnswer, &part);
  }

  static void onAnswer(void* arg, int status, int /*timeouts*/, ares_addrinfo* list) {
    auto& part = *static_cast<Part*>(arg);
    part.found.status = status;
    if (status == ARES_SUCCESS) read(*list, part.found);
    if (list != nullptr) ares_freeaddrinfo(list);
    if (status == ARES_SUCCESS && part.found.addresses.empty()) part.found.status = ARES_ENODATA;
    if (status != ARES_EDESTRUCTION && --part.query->waiting == 0)
      part.query->client.finish(*part.query);
  }

  DnsClient& client;
  Done done;
  Part v4{this}, v6{this};
  int waiting = 2;
};

void DnsClient::CloseChannel::operator()(ares_channeldata* channel) const { ares_destroy(channel); }

DnsClient::DnsClient(Reactor& reactor, DnsSettings settings)
    : reactor_(reactor), settings_(std::move(settings)) {}

DnsClient::~DnsClient() {
  channel_.reset();
  reactor_.cancel(timeout_);
  reactor_.cancel(delivery_);
}

bool DnsClient::open() {
  if (!channel_) return openAfresh();
  const bool moved = settings_.servers.empty() && serversTime() != servers_time_;
  return moved && running_.empty() ? openAfresh() : true;
}

bool DnsClient::openAfresh() {
  channel_.reset();
  servers_time_ = serversTime();
  ares_options options{};
  options.timeout = static_cast<int>(settings_.timeout.count());
  options.tries = settings_.tries;
  options.sock_state_cb_data = this;
  options.sock_state_cb = [](void* self, int fd, int readable, int writable) {
    static_cast<DnsClient*>(self)->onSocket(fd, readable != 0, writable != 0);
  };
  ares_channeldata* channel = nullptr;
  int status = ares_init_options(&channel, &options,
                                 ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
  if (status == ARES_SUCCESS) channel_.reset(channel);
  if (channel_ && !settings_.servers.empty())
    status = ares_set_servers_ports_csv(channel, listOf(settings_.servers).c_str());
  if (status == ARES_SUCCESS) return true;
  channel_.reset();
  problem_ = std::string("c-ares: ") + ares_strerror(status);
  return false;
}

void DnsClient::lookUp(const std::string& name, Done done) {
  if (!open()) {
    finished_.emplace_back(std::move(done), DnsAnswer{.addresses = {}, .problem = problem_});
    return deliver();
  }
  auto made = std::make_unique<Query>(*this, std::move(done));
  auto& query = *made;
  running_[&query] = std::move(made);
  query.ask(channel_.get(), name.c_str(), AF_INET, query.v4);
  query.ask(channel_.get(), name.c_str(), AF_INET6, query.v6);
  rearm();
}

/// A socket that cannot be watched makes its lookups time out, which their callers are told.
void DnsClient::onSocket(int fd, bool readable, bool writable) {
  const uint32_t events = (readable ? EPOLLIN : 0U) | (writable ? EPOLLOUT : 0U);
  if (events == 0) {
    watched_.erase(fd);
    return reactor_.remove(fd);
  }
  const auto watch = [&] {
    if (watched_.contains(fd)) return reactor_.modify(fd, events);
    return reactor_.add(fd, events, [this, fd](uint32_t ready) { onEvents(fd, ready); });
  };
  if (watch().ok()) watched_.insert(fd);
}

void DnsClient::onEvents(int fd, uint32_t events) {
  const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
  const auto ready = [&](uint32_t event) {
    return broken || (events & event) != 0 ? fd : ARES_SOCKET_BAD;
  };
  ares_process_fd(channel_.get(), ready(EPOLLIN), ready(EPOLLOUT));
  rearm();
}

/// For the try that is the next to be given up.
void DnsClient::rearm() {
  reactor_.cancel(std::exchange(timeout_, 0));
  timeval left{};
  if (!channel_ || ares_timeout(channel_.get(), nullptr, &left) == nullptr) return;
  const auto delay = std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec);
  timeout_ = reactor_.after(delay, [this] {
    timeout_ = 0;
    ares_process_fd(channel_.get(), ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    rearm();
  });
}

void DnsClient::finish(Query& query) {
  finished_.emplace_back(std::move(query.done), combine(std::move(query.v4.found), query.v6.found));
  running_.erase(&query);
  deliver();
}

/// Later: c-ares is on the stack, and whoever is told may ask again, or end this.
void DnsClient::deliver() {
  if (delivery_ != 0) return;
  delivery_ = reactor_.after({}, [this] {
    delivery_ = 0;
    for (auto& [done, answer] : std::exchange(finished_, {})) done(std::move(answer));
  });
}

}  // namespace sluice::resolve
