// SPDX-License-Identifier: Apache-2.0
// What both sides of HTTP/2 stand in while frames are thrown at them.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "tests/fuzz/fuzz.h"
#include "tests/support/memory_data_plane.h"
#include "userspace/proxy/context.h"
#include "userspace/proxy/http1/refusal.h"
#include "userspace/proxy/http2_pool.h"

namespace sluice::fuzz {

class NoSockets final : public Sockets {
 public:
  void connect(const UpstreamTarget&, Opened) override {}
};

/// The peer's end: what is fed is read, what is written is gone.
class Wire final : public proxy::Channel {
 public:
  explicit Wire(Reactor& reactor) : reactor_(reactor) { writable_ = true; }

  void feed(std::string_view bytes) {
    waiting_.append(bytes);
    readable_ = true;
    if (const auto user = user_) user->channelReady();
  }

  Result<void> watch(std::shared_ptr<proxy::ChannelUser> user) override {
    user_ = std::move(user);
    return {};
  }
  void unwatch() override {
    if (user_) reactor_.keepForThisRound(std::move(user_));
    user_.reset();
  }
  Io read(Buffer& buffer) override {
    const auto space = buffer.space();
    const size_t count = std::min(space.size(), waiting_.size());
    std::copy_n(waiting_.begin(), count, space.begin());
    buffer.commit(count);
    waiting_.erase(0, count);
    readable_ = !waiting_.empty();
    return count > 0 ? Io::kProgress : Io::kBlocked;
  }
  Io write(std::string_view bytes, size_t& written) override {
    written += bytes.size();
    return Io::kProgress;
  }
  bool isQuiet() override { return !readable_; }
  void shutdownWrite() override {}
  void close() override { unwatch(); }
  void reset() override { unwatch(); }

 private:
  Reactor& reactor_;
  std::shared_ptr<proxy::ChannelUser> user_;
  std::string waiting_;
};

/// What no field of HTTP/2 can do to a head or a body that is written from it.
inline bool isInjection(http1::Refusal why) {
  using http1::Refusal;
  switch (why) {
    case Refusal::kBareLf:
    case Refusal::kBareCr:
    case Refusal::kControlByte:
    case Refusal::kObsFold:
    case Refusal::kSpaceBeforeColon:
    case Refusal::kBadStartLine:
    case Refusal::kBadVersion:
    case Refusal::kHostTwice:
    case Refusal::kContentLengthTwice:
    case Refusal::kLengthAndEncoding:
    case Refusal::kBadTransferEncoding:
    case Refusal::kEncodingInHttp10:
    case Refusal::kBadChunkSize:
    case Refusal::kBadChunkExtension:
    case Refusal::kChunkExtensionsTooLarge:
    case Refusal::kBadChunkEnd:
    case Refusal::kBadTrailer:
      return true;
    default:
      return false;
  }
}

/// One for all inputs: they leave nothing in it.
struct World {
  SteadyClock clock;
  std::unique_ptr<Reactor> reactor = *Reactor::create(clock);
  NoSockets sockets;
  sluice::test::MemoryDataPlane tables;
  SystemRandom random{1};
  proxy::RetryLimits retry_limits{clock};
  proxy::Context context{
      *reactor, sockets, tables, random, retry_limits, proxy::WorkerOptions{}, proxy::Observers{}};
};

inline void turn(Reactor& reactor) { reactor.runOnce(Duration::zero()); }

/// Feeds what follows the first byte of an input, in pieces as that says, until the connection has
/// gone.
inline void feed(World& world, Wire& wire, std::string_view input, const bool& gone) {
  const auto first = static_cast<uint8_t>(input.front());
  const size_t piece = first < 8 ? size_t{first} + 1 : size_t{first} * 16;
  for (auto rest = input.substr(1); !rest.empty() && !gone;) {
    wire.feed(rest.substr(0, piece));
    rest.remove_prefix(std::min(piece, rest.size()));
    turn(*world.reactor);
  }
}

/// Ends the connection and its readers: nothing is left of them.
template <typename Connection, typename Readers>
void finish(World& world, Connection& connection, const Readers& readers, const bool& gone) {
  connection.abort();
  turn(*world.reactor);
  for (const auto& reader : readers) reader->stop();
  turn(*world.reactor);
  FUZZ_REQUIRE(gone && connection.closed() && connection.streams() == 0);
  FUZZ_REQUIRE(world.context.blocks.lent() == 0);
}

}  // namespace sluice::fuzz
