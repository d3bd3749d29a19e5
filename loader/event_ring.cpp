// SPDX-License-Identifier: Apache-2.0
#include "loader/event_ring.h"

#include <bpf/libbpf.h>

#include <cerrno>
#include <cstring>

namespace sluice::loader {

namespace {

struct FreeRing {
  void operator()(ring_buffer* ring) const { ring_buffer__free(ring); }
};

}  // namespace

struct EventRing::Reader {
  Fd map;
  std::unique_ptr<ring_buffer, FreeRing> ring;
  const Handler* handler = nullptr;
  size_t left = 0;

  /// libbpf: an error ends the round, after this event.
  int take(const void* data, size_t size) {
    event told{};
    if (size < sizeof(told)) return 0;
    std::memcpy(&told, data, sizeof(told));
    (*handler)(told);
    return --left == 0 ? -EAGAIN : 0;
  }

  static int onSample(void* reader, void* data, size_t size) {
    return static_cast<Reader*>(reader)->take(data, size);
  }
};

EventRing::EventRing(std::unique_ptr<Reader> reader) : reader_(std::move(reader)) {}
EventRing::~EventRing() = default;

Result<std::unique_ptr<EventRing>> EventRing::open(Fd ring) {
  auto reader = std::make_unique<Reader>();
  reader->map = std::move(ring);
  reader->ring.reset(ring_buffer__new(reader->map.get(), &Reader::onSample, reader.get(), nullptr));
  if (!reader->ring) return Error::system("open the ring of events");
  return std::unique_ptr<EventRing>(new EventRing(std::move(reader)));
}

int EventRing::fd() const { return ring_buffer__epoll_fd(reader_->ring.get()); }

void EventRing::read(const Handler& handler) {
  reader_->handler = &handler;
  reader_->left = kMostAtOnce;
  // Fails only by take(), which has had enough.
  (void)ring_buffer__consume(reader_->ring.get());
}

}  // namespace sluice::loader
