// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/config.h"

namespace sluice::proxy {

UpstreamVersion upstreamVersion(const routing::Cluster& cluster) {
  using routing::Protocol;
  using Upgrade = HttpSettings::H2UpgradePolicy;
  const auto& pool = cluster.settings->connection_pool;
  const HttpSettings* http = pool && pool->value.http ? &*pool->value.http : nullptr;
  if (http != nullptr && http->use_client_protocol) return UpstreamVersion::kAsClient;
  if (http != nullptr && http->h2_upgrade_policy == Upgrade::kUpgrade)
    return UpstreamVersion::kHttp2;
  if (cluster.protocol == Protocol::kHttp2 || cluster.protocol == Protocol::kGrpc)
    return UpstreamVersion::kHttp2;
  return cluster.protocol == Protocol::kUnknown ? UpstreamVersion::kAsClient
                                                : UpstreamVersion::kHttp1;
}

}  // namespace sluice::proxy
