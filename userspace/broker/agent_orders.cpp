// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/agent_orders.h"

#include <chrono>
#include <utility>

namespace sluice::broker {

namespace {

/// After its own deadline an agent resets what is left, which takes a moment.
constexpr Duration kMoment = std::chrono::seconds(10);

}  // namespace

void AgentOrders::pause(Done done) {
  watchdog_.pause();
  supervisor_.hold([this] { fulfilled(); });
  order(Order::kPause, std::move(done));
}

void AgentOrders::stopAccepting(Done done) { order(Order::kStopAccepting, std::move(done)); }

void AgentOrders::order(Order order, Done done) {
  done_ = std::move(done);
  if (supervisor_.agent() == 0) return fulfilled();
  server_.command(order, ++round_);
}

void AgentOrders::resume() {
  done_ = nullptr;
  server_.command(Order::kResume, ++round_);
  watchdog_.resume();
  supervisor_.release();
}

void AgentOrders::retire(Duration drain, Done ended) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(drain).count();
  server_.command(Order::kRetire, ++round_, static_cast<uint32_t>(seconds));
  supervisor_.retire(drain + kMoment, std::move(ended));
}

void AgentOrders::reported(uint64_t round) {
  if (round == round_) fulfilled();
}

void AgentOrders::fulfilled() {
  if (const auto done = std::exchange(done_, nullptr)) done();
}

}  // namespace sluice::broker
