// SPDX-License-Identifier: Apache-2.0
#include "tests/cases/backend/stage.h"

#include <iostream>

namespace sluice::test {
namespace {

nlohmann::json textKeys(const std::map<SocketAddress, uint64_t>& counts) {
  auto json = nlohmann::json::object();
  for (const auto& [address, count] : counts) json[address.text()] = count;
  return json;
}

nlohmann::json headJson(const SocketAddress& endpoint, const HttpHead& head) {
  auto headers = nlohmann::json::array();
  for (const auto& [name, value] : head.headers) headers.push_back({name, value});
  return {{"endpoint", endpoint.text()},
          {"method", head.start[0]},
          {"target", head.start[1]},
          {"headers", headers}};
}

}  // namespace

Result<void> Stage::begin(Behaviour behaviour) {
  const std::lock_guard lock(mutex_);
  behaviour_ = std::move(behaviour);
  ++act_;
  position_ = 0;
  requests_ = 0;
  requests_by_endpoint_.clear();
  connections_by_endpoint_.clear();
  heads_ = nlohmann::json::array();
  SLUICE_TRY(gate_.setDoors(behaviour_.doors, behaviour_.closedDoors()));
  return refuseAhead();
}

uint64_t Stage::act() const {
  const std::lock_guard lock(mutex_);
  return act_;
}

/// Refusals that are next in the script happen without us.
Result<void> Stage::refuseAhead() {
  size_t refusals = 0;
  const auto& script = behaviour_.script;
  for (; position_ < script.size() && script[position_].kind == Step::Kind::kRefuse; ++position_)
    ++refusals;
  return gate_.refuseNext(refusals);
}

Stage::Cue Stage::next(const SocketAddress& endpoint) {
  if (const auto own = behaviour_.by_endpoint.find(endpoint.ip);
      own != behaviour_.by_endpoint.end())
    return {own->second};
  if (position_ >= behaviour_.script.size()) return {behaviour_.usual};
  Cue cue{behaviour_.script[position_++]};
  const size_t before = position_;
  if (auto refusing = refuseAhead(); !refusing)
    std::cerr << refusing.error().message() << std::endl;
  cue.last_of_connection = position_ > before;
  return cue;
}

std::optional<Stage::Cue> Stage::request(uint64_t act, const SocketAddress& endpoint,
                                         const HttpHead& head) {
  const std::lock_guard lock(mutex_);
  if (act != act_) return {};
  ++requests_;
  ++requests_by_endpoint_[endpoint];
  if (heads_.size() < kMaxHeads) heads_.push_back(headJson(endpoint, head));
  news_.notify_all();
  return next(endpoint);
}

std::optional<Stage::Cue> Stage::bytes(uint64_t act, const SocketAddress& endpoint) {
  const std::lock_guard lock(mutex_);
  if (act != act_) return {};
  ++connections_by_endpoint_[endpoint];
  return next(endpoint);
}

nlohmann::json Stage::report(uint64_t requests, std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  news_.wait_until(lock, deadline, [&] { return requests_ >= requests; });
  nlohmann::json json = {{"requests", requests_},
                         {"byEndpoint", textKeys(requests_by_endpoint_)},
                         {"connections", textKeys(connections_by_endpoint_)},
                         {"heads", heads_}};
  auto attempts = gate_.attempts();
  if (!attempts) std::cerr << attempts.error().message() << std::endl;
  json["attempts"] = attempts ? textKeys(*attempts) : nlohmann::json();
  return json;
}

}  // namespace sluice::test
