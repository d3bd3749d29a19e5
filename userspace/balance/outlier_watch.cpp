// SPDX-License-Identifier: Apache-2.0
#include "userspace/balance/outlier_watch.h"

#include <iterator>
#include <utility>

namespace sluice::balance {

OutlierWatch::OutlierWatch(Reactor& reactor, std::function<void()> changed)
    : reactor_(reactor), changed_(std::move(changed)) {}

OutlierWatch::~OutlierWatch() {
  reactor_.cancel(connection_timer_);
  for (const auto& [cluster, watched] : clusters_) reactor_.cancel(watched.timer);
}

std::shared_ptr<OutlierDetector> OutlierWatch::detector(const std::string& cluster,
                                                        const OutlierSettings& settings) {
  auto& watched = clusters_[cluster];
  if (watched.detector && watched.detector->settings() == settings) return watched.detector;
  reactor_.cancel(watched.timer);
  // Ejections come in bursts, on any thread: one task tells of all of them.
  watched.detector =
      OutlierDetector::create(settings, [this, &reactor = reactor_, link = std::weak_ptr(link_)] {
        const auto alive = link.lock();
        if (!alive || alive->pending.exchange(true)) return;
        reactor.post([this, link] {
          const auto still = link.lock();
          if (!still) return;
          still->pending = false;
          changed_();
        });
      });
  sweepLater(cluster);
  return watched.detector;
}

void OutlierWatch::sweepLater(const std::string& cluster) {
  auto& watched = clusters_.at(cluster);
  watched.timer = reactor_.after(watched.detector->settings().interval, [this, cluster] {
    clusters_.at(cluster).detector->sweep(reactor_.now());
    sweepLater(cluster);
  });
}

void OutlierWatch::followConnections(ReadConnections read) {
  read_connections_ = std::move(read);
  reactor_.cancel(connection_timer_);
  countConnections();
}

void OutlierWatch::countConnections() {
  for (const auto& [cluster, watched] : clusters_)
    watched.detector->countConnections(read_connections_, reactor_.now());
  connection_timer_ = reactor_.after(kConnectionPeriod, [this] { countConnections(); });
}

std::map<std::string, std::set<SocketAddress>> OutlierWatch::avoided() const {
  std::map<std::string, std::set<SocketAddress>> avoided;
  for (const auto& [cluster, watched] : clusters_)
    if (auto status = watched.detector->status(); !status.avoided.empty())
      avoided.emplace(cluster, std::move(status.avoided));
  return avoided;
}

std::map<std::string, OutlierDetector::Status> OutlierWatch::status() const {
  std::map<std::string, OutlierDetector::Status> all;
  for (const auto& [cluster, watched] : clusters_) all[cluster] = watched.detector->status();
  return all;
}

void OutlierWatch::forgetUnused() {
  for (auto at = clusters_.begin(); at != clusters_.end();) {
    const auto next = std::next(at);
    if (at->second.detector.use_count() == 1) {
      reactor_.cancel(at->second.timer);
      clusters_.erase(at);
    }
    at = next;
  }
}

}  // namespace sluice::balance
