// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/bench/proxy/load.h"
#include "tests/bench/proxy/peer_proxies.h"
#include "tests/support/sluiced_process.h"

namespace sluice::test {

/// Clients are in network namespaces of their own, as pods are; so many.
inline constexpr int kPods = 8;

/// Where the proxies meet: a node with its pods, and the servers on two other hosts. What belongs
/// to Sluice runs in the pods' cgroups, which are enrolled; peers and their clients run in the same
/// network namespaces, but in a cgroup that Sluice does not touch.
class Arena {
 public:
  /// Servers and Sluice. `envoy`: path of the program; may be empty.
  static Result<std::unique_ptr<Arena>> start(std::string envoy);
  /// One of each peer beside the client of each of the first `pods` pods; or one of each on the
  /// node. Not both: those that run share pages, and would be thought to need less memory.
  Result<void> startSidecars(int pods);
  Result<void> startOnNode();

  const Lab& lab() const { return lab_; }

  /// Sluice, for the clients of the first `clients` pods.
  Contender sluice(const SocketAddress& service, int clients) const;
  /// The peers that were started, each for all clients that it has.
  std::vector<Contender> sidecars(Protocol protocol) const;
  std::vector<Contender> onNode(Protocol protocol) const;

 private:
  explicit Arena(Lab lab, std::string envoy) : lab_(std::move(lab)), envoy_(std::move(envoy)) {}
  Result<void> startAll();
  Place unenrolled(const std::string& host) const;

  Lab lab_;
  std::string envoy_;
  std::vector<Process> servers_;
  std::unique_ptr<SluicedProcess> sluiced_;
  std::vector<pid_t> sluice_pids_;
  std::vector<std::vector<PeerProxy>> sidecars_;  ///< by pod
  std::vector<PeerProxy> on_node_;
};

}  // namespace sluice::test
