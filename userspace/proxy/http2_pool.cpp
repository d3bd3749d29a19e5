// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/http2_pool.h"

#include <utility>

namespace sluice::proxy {

Http2Pool::Http2Pool(Context& context)
    : context_(context),
      expiry_(context.reactor, context.options.upstream_idle),
      other_expiries_(context.reactor) {}

std::shared_ptr<Upstream> Http2Pool::open(const Upstream::Key& key, UpstreamUser& user) {
  const auto server = servers_.find(key);
  if (server == servers_.end()) return nullptr;
  for (const auto& connection : server->second.connections) {
    auto stream = connection->open();
    if (!stream) continue;
    auto upstream = Upstream::watch(std::move(stream), key, user);
    if (!upstream.ok()) return nullptr;
    (*upstream)->setMultiplexed();
    return *std::move(upstream);
  }
  return nullptr;
}

bool Http2Pool::lead(const Upstream::Key& key, Ready ready) {
  Server& server = servers_[key];
  if (!server.connecting) return server.connecting = true;
  server.waiting.push_back(std::move(ready));
  return false;
}

void Http2Pool::keep(Http2Client& connection) {
  const auto& idle = connection.terms().connection.idle;
  (idle ? other_expiries_.of(*idle) : expiry_).join(connection);
}

Result<void> Http2Pool::adopt(const Upstream::Key& key, std::shared_ptr<Channel> channel,
                              const Http2Terms& terms) {
  auto connection = std::make_shared<Http2Client>(
      context_, std::move(channel), terms, [this](Http2Client& client) { keep(client); },
      [this, key](Http2Client& client) { forget(key, client); });
  Server& server = servers_[key];
  wake(server);
  SLUICE_TRY(connection->start());
  connection->keepAlive();
  server.connections.push_back(std::move(connection));
  return {};
}

void Http2Pool::giveUp(const Upstream::Key& key) {
  const auto server = servers_.find(key);
  if (server != servers_.end()) wake(server->second);
}

void Http2Pool::wake(Server& server) {
  server.connecting = false;
  for (auto& ready : std::exchange(server.waiting, {})) context_.reactor.post(std::move(ready));
}

void Http2Pool::forget(const Upstream::Key& key, const Http2Client& connection) {
  const auto found = servers_.find(key);
  if (found == servers_.end()) return;
  Server& server = found->second;
  std::erase_if(server.connections, [&](const auto& each) { return each.get() == &connection; });
  if (server.connections.empty() && !server.connecting) servers_.erase(found);
}

void Http2Pool::closeAll() {
  for (const auto& [key, server] : std::exchange(servers_, {}))
    for (const auto& connection : server.connections) connection->abort();
}

}  // namespace sluice::proxy
