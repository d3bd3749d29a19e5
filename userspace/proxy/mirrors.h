// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "userspace/base/clock.h"
#include "userspace/model/ids.h"
#include "userspace/proxy/config.h"
#include "userspace/proxy/upstream_channel.h"

namespace sluice::proxy {

struct Context;
class MirroredRequest;

/// A whole request as its server gets it, and from whom.
struct RequestCopy {
  std::shared_ptr<const std::string> bytes;
  bool is_head = false;
  WorkloadId workload;
  Transport transport;
  bool http2 = false;  ///< it came as HTTP/2; once it is on its way: it is sent as that
  RouteId route;       ///< that names the mirror's cluster
  Duration timeout{};  ///< of the rule; 0: none of its own
};

/// The copies of requests that are on their way to mirrors: nobody waits for them, their answers
/// are read and dropped. Of one worker.
class Mirrors {
 public:
  explicit Mirrors(Context& context) : context_(context) {}
  ~Mirrors() { abortAll(); }
  Mirrors(const Mirrors&) = delete;
  Mirrors& operator=(const Mirrors&) = delete;

  /// Later, not from within this call: the request itself goes first. Dropped, and counted, when
  /// too many are on their way or too many bytes (WorkerOptions), and when the mirror has nobody.
  void send(const ProxyCluster& mirror, RequestCopy copy);

  size_t inFlight() const { return in_flight_.size(); }
  void abortAll();

 private:
  friend MirroredRequest;
  /// Of those that are on their way.
  void ended(const MirroredRequest& request);

  Context& context_;
  std::unordered_map<const MirroredRequest*, std::shared_ptr<MirroredRequest>> in_flight_;
  size_t bytes_ = 0;  ///< of requests on their way
};

}  // namespace sluice::proxy
