// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/observers.h"

#include <fmt/format.h>
#include <sys/epoll.h>

#include <algorithm>

#include "maps/tables.hpp"
#include "userspace/base/log.h"
#include "userspace/observe/admin_protocol.h"

namespace sluice::agent {
namespace {

using observe::Json;
using namespace std::chrono_literals;

constexpr Duration kLookPeriod = 1s;

/// A line of the stream.
Json answerOf(const char* kind, const Json& fields) {
  Json answer = {{"apiVersion", observe::kApiVersion}, {"kind", kind}};
  answer.update(fields);
  return answer;
}

/// 1, every connection, unless the request says something else; 0: it says nonsense.
uint32_t sampleOf(const Json& request) {
  const auto found = request.find("sample");
  if (found == request.end()) return 1;
  const auto asked = found->is_number_unsigned() ? found->get<uint64_t>() : 0;
  return asked > UINT32_MAX ? 0 : static_cast<uint32_t>(asked);
}

}  // namespace

Result<std::unique_ptr<Observers>> Observers::create(Reactor& reactor, DataPlane& data_plane,
                                                     loader::EventRing& ring, Names names) {
  const int fd = ring.fd();
  std::unique_ptr<Observers> observers(new Observers(reactor, data_plane, ring, std::move(names)));
  SLUICE_TRY(observers->setSample());
  SLUICE_TRY(reactor.add(fd, EPOLLIN, [raw = observers.get()](uint32_t) { raw->readRing(); }));
  return observers;
}

Observers::Observers(Reactor& reactor, DataPlane& data_plane, loader::EventRing& ring, Names names)
    : reactor_(reactor), data_plane_(data_plane), ring_(ring), names_(std::move(names)) {}

Observers::~Observers() {
  reactor_.cancel(timer_);
  reactor_.remove(ring_.fd());
  observers_.clear();
  if (auto stopped = setSample(); !stopped) log::warn("{}", stopped.error().message());
}

void Observers::add(const Json& request, const AdminServer::Reply& reply) {
  if (auto begun = begin(request, reply); !begun) reply(observe::errorAnswer(begun.error()));
}

Result<void> Observers::begin(const Json& request, const AdminServer::Reply& reply) {
  auto filter = EventFilter::of(request);
  if (!filter) return std::move(filter).error();
  const auto sample = sampleOf(request);
  if (sample == 0) return Error(Error::Code::kInvalid, "sample is a number from 1 to 4294967295");
  const auto lost = lostInKernel();
  if (!lost) return lost.error();
  if (observers_.empty()) lost_in_kernel_ = *lost;
  observers_.push_back({reply, *std::move(filter), sample});
  if (auto sampled = setSample(); !sampled) {
    observers_.pop_back();
    return sampled;
  }
  reply.part(answerOf("Observation", {{"sample", sample}}));
  if (timer_ == 0) timer_ = reactor_.after(kLookPeriod, [this] { lookAfter(); });
  return {};
}

void Observers::readRing() {
  const auto names = observers_.empty() ? ConnectionNames() : names_();
  const auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
  const auto now = std::chrono::system_clock::now();
  ring_.read([&](const event& told) {
    if (observers_.empty()) return;
    const auto age = since_boot - std::chrono::nanoseconds(told.time_ns);
    const auto view = eventView(told, names, now - age);
    for (auto& observer : observers_)
      if (observer.filter.matches(view)) tell(observer, view);
  });
}

/// What was lost before is told first.
void Observers::tell(Observer& observer, const Json& view) {
  tellLost(observer);
  if (observer.reply.part(answerOf("Event", view)) == StreamServer::Part::kFull) ++observer.lost;
}

void Observers::tellLost(Observer& observer) {
  if (observer.lost == 0) return;
  const auto told = observer.reply.part(answerOf("Lost", {{"events", observer.lost}}));
  if (told == StreamServer::Part::kTaken) observer.lost = 0;
}

/// It costs every connection of the workloads, and somebody else may want less of them.
void Observers::endIfStalled(Observer& observer) {
  if (observer.reply.stalledFor() < kLongestStall) return;
  const Error why(
      Error::Code::kUnavailable,
      fmt::format("the observer has read nothing for {} s; {} events were lost to it",
                  std::chrono::ceil<std::chrono::seconds>(kLongestStall).count(), observer.lost),
      "read faster, or observe fewer connections (--sample)");
  log::warn("{}", why.message());
  observer.reply.end(observe::errorAnswer(why));
  observer.ended = true;
}

/// From time to time, as long as there is somebody.
void Observers::lookAfter() {
  timer_ = 0;
  noteLost();
  for (auto& observer : observers_) endIfStalled(observer);
  std::erase_if(observers_, [](const Observer& observer) {
    return observer.ended || !observer.reply.isHeard();
  });
  if (auto sampled = setSample(); !sampled) log::warn("{}", sampled.error().message());
  if (!observers_.empty()) timer_ = reactor_.after(kLookPeriod, [this] { lookAfter(); });
}

void Observers::noteLost() {
  const auto lost = lostInKernel();
  if (!lost) return log::warn("{}", lost.error().message());
  for (auto& observer : observers_) {
    observer.lost += *lost - std::min(*lost, lost_in_kernel_);
    tellLost(observer);
  }
  lost_in_kernel_ = *lost;
}

/// The ring was full.
Result<uint64_t> Observers::lostInKernel() const {
  uint64_t lost = 0;
  const auto visited = maps::View<Table::kFailures>(data_plane_)
                           .visit([&](const failure_key& key, const failure& value) {
                             if (key.site == SITE_TELL) lost += value.count;
                           });
  if (!visited) return visited.error();
  return lost;
}

Result<void> Observers::setSample() {
  const auto densest = std::ranges::min_element(observers_, {}, &Observer::sample);
  const uint32_t sample = densest == observers_.end() ? 0 : densest->sample;
  maps::View<Table::kControl> view(data_plane_);
  auto record = view.get(0);  // with the heart's last beat
  if (!record) return std::move(record).error();
  if (record->sample == sample) return {};
  record->sample = sample;
  return view.put(0, *record);
}

}  // namespace sluice::agent
