// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/rollout.h"

#include <arpa/inet.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "maps/tables.hpp"
#include "userspace/agent/error_text.h"
#include "userspace/agent/proxy_config.h"
#include "userspace/base/log.h"
#include "userspace/model/schema.h"
#include "userspace/routing/known_addresses.h"
#include "userspace/steering/workload_id.h"

namespace sluice::agent {
namespace {

workload recordOf(const Enrolled& enrolled, ClientClass client_class) {
  workload record{};
  record.netns_cookie = enrolled.netns_cookie;
  record.client_class = client_class.value;
  record.listener4 = htons(enrolled.listener4_port);
  record.listener6 = htons(enrolled.listener6_port);
  record.alive = htons(enrolled.alive_port);
  std::copy(enrolled.address4.bytes.begin(), enrolled.address4.bytes.end(), record.address4);
  std::copy(enrolled.address6.bytes.begin(), enrolled.address6.bytes.end(), record.address6);
  return record;
}

ClientClass classOf(const routing::Routing& routing, const std::string& key) {
  const auto found = routing.workload_class.find(key);
  return found == routing.workload_class.end() ? ClientClass{} : found->second;
}

void closeSockets(Enrolled& enrolled) {
  enrolled.listener4.reset();
  enrolled.listener6.reset();
}

/// Of the connect path; the kernel adds to them meanwhile.
std::optional<balance::ConnectionCounts> connectionsOf(DataPlane& data_plane, EndpointId endpoint) {
  const auto* stats = maps::View<Table::kEndpointStats>(data_plane).shared(endpoint.value);
  if (stats == nullptr) return std::nullopt;
  const auto load = [](const __u64& counter) {
    return __atomic_load_n(&counter, __ATOMIC_RELAXED);
  };
  return balance::ConnectionCounts{load(stats->established), load(stats->failed)};
}

}  // namespace

Rollout::Rollout(Reactor& reactor, DataPlane& data_plane, steering::Steering& steering,
                 Fleet& fleet, resolve::DnsSettings dns)
    : reactor_(reactor),
      data_plane_(data_plane),
      steering_(steering),
      fleet_(fleet),
      clusters_(reactor, [this] { healthChanged(); }),
      names_(reactor, std::move(dns), [this] { namesChanged(); }) {
  clusters_.outliers.followConnections(
      [this](EndpointId endpoint) { return connectionsOf(data_plane_, endpoint); });
  house_ = reactor_.after(kRetirePeriod, [this] { keepHouse(); });
}

Rollout::~Rollout() {
  reactor_.cancel(retry_);
  reactor_.cancel(house_);
}

void Rollout::apply(std::shared_ptr<const Snapshot> snapshot) {
  next_ = std::move(snapshot);
  if (!busy_) begin();
}

void Rollout::begin() {
  reactor_.cancel(std::exchange(retry_, 0));
  busy_ = true;
  wanted_ = std::exchange(next_, nullptr);
  names_.want(resolve::namesIn(*wanted_));
  names_.whenTried([this] { bringIn(wanted_, prepare(wanted_)); });
}

void Rollout::namesChanged() {
  names_changed_ = true;
  if (!busy_) apply(wanted_);
}

void Rollout::healthChanged() {
  health_changed_ = true;
  if (!busy_) refresh();
}

/// What fails is tried again whole, with the health of then.
void Rollout::refresh() {
  if (!routing_ || status_.problem) return;
  busy_ = true;
  bringIn(snapshot_, stage(snapshot_, routing_));
}

void Rollout::bringIn(const std::shared_ptr<const Snapshot>& snapshot, Result<Attempt> attempt) {
  if (!attempt) return fail({snapshot, nullptr, nullptr}, attempt.error());
  fleet_.setConfig(attempt->config,
                   [this, made = *attempt, alive = std::weak_ptr<const bool>(alive_)] {
                     if (!alive.expired()) finish(made);
                   });
}

/// Everything that no connection can see yet.
Result<Rollout::Attempt> Rollout::prepare(std::shared_ptr<const Snapshot> snapshot) {
  auto admitted = admission_.update(std::move(snapshot));
  auto consistent = hold_back_.update(std::move(admitted.snapshot), snapshot_);
  std::ranges::move(consistent.held, std::back_inserter(admitted.held));
  showHeld(std::move(admitted.held));
  names_changed_ = false;
  const auto routing =
      resolver_.update(named_servers_.resolve(consistent.snapshot, names_.states()));
  return stage(std::move(consistent.snapshot), routing);
}

Result<Rollout::Attempt> Rollout::stage(std::shared_ptr<const Snapshot> snapshot,
                                        const std::shared_ptr<const routing::Routing>& routing) {
  health_changed_ = false;
  const auto health = clusters_.health();
  auto refused = steering_.stage(*routing, health);
  staged_ = routing;
  if (!refused) return std::move(refused).error().in("write the routes to the kernel");
  showRefused(*std::move(refused));
  auto config = makeProxyConfig(routing, steering_, health, clusters_, *config_);
  if (!config) return std::move(config).error();
  status_.unusable = clusters_.tls.unusable();
  config_ = keepRefused(*std::move(config), *config_, status_.refused);
  // Of clusters that have others than these now: a new policy, or an endpoint that is gone.
  health_changed_ |= clusters_.health() != health;
  return Attempt{std::move(snapshot), routing, config_};
}

void Rollout::showRefused(std::vector<steering::Refusal> refused) {
  for (const auto& [service, error, key] : refused)
    log::error("service {} keeps its last good route: {}", service, withHint(error));
  status_.refused = std::move(refused);
}

/// Said once, as long as it lasts.
void Rollout::showHeld(std::vector<routing::HeldBack> held) {
  const std::set<routing::HeldBack> said(status_.held.begin(), status_.held.end());
  for (const auto& item : held) {
    if (said.contains(item)) continue;
    if (item.code.empty())
      log::warn("{}: {}", item.resource, item.why);
    else
      log::error("{}: {} ({})", item.resource, item.why, item.code);
  }
  status_.held = std::move(held);
}

void Rollout::finish(const Attempt& attempt) {
  if (const auto ask = std::exchange(ask_, nullptr))
    return ask([this, attempt, alive = std::weak_ptr<const bool>(alive_)] {
      if (!alive.expired()) finish(attempt);
    });
  if (auto published = publish(attempt); !published) return fail(attempt, published.error());
  succeed(attempt);
}

Result<void> Rollout::publish(const Attempt& attempt) {
  auto published = steering_.publish();
  if (!published) return std::move(published).error().in("switch the kernel to the new routes");
  routing_ = attempt.routing;
  snapshot_ = attempt.snapshot;
  SLUICE_TRY(keepWanted(*attempt.snapshot));
  SLUICE_TRY(admitAll());
  // Requests that the broker refused because their client had its old class wait for this.
  fleet_.setConfig(attempt.config, [] {});
  return noteRevision(attempt.snapshot->revision);
}

Result<void> Rollout::noteRevision(uint64_t revision) {
  maps::View<Table::kControl> view(data_plane_);
  auto record = view.get(0);  // with the heart's last beat
  if (!record) return std::move(record).error();
  record->schema = kSchema;
  record->revision = revision;
  return view.put(0, *record);
}

/// An earlier agent may have left records of workloads that are no longer configured.
Result<void> Rollout::keepWanted(const Snapshot& snapshot) {
  std::vector<WorkloadId> ids;
  for (const auto& wanted : snapshot.workloads)
    ids.push_back(steering::workloadId(wanted->metadata.key()));
  return steering_.keepWorkloads(ids);
}

Result<void> Rollout::admitAll() {
  for (auto& [id, member] : members_) SLUICE_TRY(admit(id, member));
  return {};
}

/// Workers first: they must accept before the kernel sends anybody.
Result<void> Rollout::admit(WorkloadId id, Member& member) {
  if (!member.heard) {
    auto heard = fleet_.listen(id, member.what);
    if (!heard) return std::move(heard).error().in("listen for workload " + member.key);
    closeSockets(member.what);
    member.heard = true;
  }
  auto written = steering_.setWorkload(id, recordOf(member.what, classOf(*routing_, member.key)));
  if (!written) return std::move(written).error().in("steer workload " + member.key);
  return {};
}

void Rollout::enrolled(WorkloadId id, const std::string& key, Enrolled what) {
  auto& member = members_[id];
  member = {key, std::move(what)};
  if (!routing_) return;
  if (auto admitted = admit(id, member); !admitted) log::error("{}", admitted.error().message());
  rerouted_();  // since before this agent, perhaps
}

void Rollout::gone(WorkloadId id) {
  if (members_.erase(id) == 0) return;
  if (auto removed = steering_.removeWorkload(id); !removed)
    log::error("stop steering a workload: {}", removed.error().message());
  fleet_.unlisten(id);
}

/// What exists is asked for only where something has lost its way, which is rare.
void Rollout::lookForGone() {
  std::optional<std::set<IpAddress>> known;
  const auto exists = [&](const IpAddress& address) {
    if (!known) known = routing::knownAddresses(*snapshot_);
    return known->contains(address);
  };
  const auto gone = steering_.markGone(exists);
  if (!gone) return log::error("look for endpoints that are gone: {}", gone.error().message());
  if (*gone) gone_endpoints_();
}

void Rollout::succeed(const Attempt& attempt) {
  if (const auto first = std::exchange(first_, nullptr)) first();
  lookForGone();
  if (steering_.takeRerouted()) rerouted_();
  const bool known = status_.last_success && status_.revision == attempt.snapshot->revision;
  if (known && !status_.problem) return settle();
  status_.revision = attempt.snapshot->revision;
  status_.last_success = std::chrono::system_clock::now();
  status_.problem.reset();
  log::info("revision {} is in force", status_.revision);
  settle();
}

/// The newest snapshot is tried again, also when no newer one comes; as it was given, so that what
/// is refused of it or held back stays known.
void Rollout::fail(const Attempt& attempt, const Error& error) {
  log::error("revision {} is not in force: {}", attempt.snapshot->revision, withHint(error));
  status_.problem = error;
  if (!status_.last_success) nothing_();
  retry_ = reactor_.after(kRetry, [this] {
    if (!busy_) apply(wanted_);
  });
  settle();
}

void Rollout::settle() {
  busy_ = false;
  if (next_) return begin();
  if (names_changed_ && !status_.problem) return apply(wanted_);
  if (health_changed_ && !status_.problem) return refresh();
  for (auto& done : std::exchange(waiting_, {})) done();
}

void Rollout::whenSettled(std::function<void()> done) {
  if (busy_)
    waiting_.push_back(std::move(done));
  else
    done();
}

void Rollout::keepHouse() {
  clusters_.forgetUnused();
  status_.unusable = clusters_.tls.unusable();
  if (clusters_.tls.lookAgain()) healthChanged();
  if (auto retired = steering_.retire(); !retired)
    log::error("free what is not used any more: {}", retired.error().message());
  if (routing_) lookForGone();
  if (routing_)  // those whose record could not be written when they were enrolled
    if (auto admitted = admitAll(); !admitted) log::error("{}", admitted.error().message());
  house_ = reactor_.after(kRetirePeriod, [this] { keepHouse(); });
}

}  // namespace sluice::agent
