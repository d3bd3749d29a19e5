// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "userspace/base/reactor.h"
#include "userspace/proxy/context.h"
#include "userspace/proxy/flow.h"
#include "userspace/proxy/http1/body.h"
#include "userspace/proxy/http2_pool.h"
#include "userspace/proxy/mirrors.h"
#include "userspace/proxy/upstream.h"

namespace sluice::proxy {

/// One copy on its way: connects, writes, reads the answer to its end. Nothing is sent twice.
/// Lives until ended(), and to the end of the reactor's round.
class MirroredRequest final : public Timed,
                              public UpstreamUser,
                              public std::enable_shared_from_this<MirroredRequest> {
 public:
  /// `lease`: what the mirror's pool has lent for it; of nothing where there are no limits.
  MirroredRequest(Context& context, const ProxyCluster& mirror, const ProxyEndpoint& endpoint,
                  RequestCopy copy, Lease lease);

  void start();
  /// Nothing happens after it.
  void end();
  size_t size() const { return copy_.bytes->size(); }

 private:
  void upstreamReady(Upstream& upstream) override;
  /// There is no connection yet.
  void expired() override { fail(); }
  Upstream::Key key() const {
    return copy_.transport.key(copy_.workload, endpoint_.address, pool_.get());
  }
  void reach();
  bool takeKept();
  bool takeLead();
  bool takePlace();
  void opened(Result<Fd> socket);
  bool becomeStream();
  void advance();
  bool step();
  bool write();
  void connected();
  bool readHead();
  bool readBody();
  bool read();
  void fail();
  void finish();

  Context& context_;
  const std::shared_ptr<const routing::Cluster> cluster_;
  const std::shared_ptr<const ClusterPool> pool_;  ///< null: no limits
  const ProxyEndpoint endpoint_;
  const RequestCopy copy_;
  const Lease lease_;
  Http2Pool::Lead lead_;  ///< connects for all who wait at the pool of HTTP/2
  ConnectionQueue::Place place_;
  std::shared_ptr<Upstream> upstream_;
  Flow answer_;
  size_t written_ = 0;
  size_t head_seen_ = 0;  ///< bytes of the incomplete head that the last try has seen
  http1::Body body_;
  int status_ = 0;  ///< 0: there is no final head yet
  bool reusable_ = false;
  bool ended_ = false;
  Reactor::TimerId timer_ = 0;
};

}  // namespace sluice::proxy
