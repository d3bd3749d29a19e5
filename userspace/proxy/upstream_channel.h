// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "userspace/base/fd.h"
#include "userspace/proxy/channel.h"
#include "userspace/proxy/upstream.h"

namespace sluice::tls {
class Client;
}

namespace sluice::proxy {

class ClusterPool;
struct Context;

/// How a destination is spoken to.
struct Transport {
  std::shared_ptr<const tls::Client> tls;  ///< null: in plain text
  std::string host;                        ///< that the request names; empty: see tls::Peer

  /// `limits`: of the cluster; null: none.
  Upstream::Key key(WorkloadId workload, const SocketAddress& address,
                    const ClusterPool* limits) const;
  /// Over `socket`, which is connecting; `http2`: what will be spoken.
  std::shared_ptr<Channel> channel(Reactor& reactor, Fd socket, const SocketAddress& address,
                                   bool http2) const;
};

/// Counts why a channel has failed, and says so in the log unless that was done lately. Null, and
/// nothing of this, where its encryption has not.
const ChannelFailure* noteFailure(Context& context, const Channel& channel);

}  // namespace sluice::proxy
