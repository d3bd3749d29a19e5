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

Http2Pool::Lead Http2Pool::lead(const Upstream::Key& key, Ready ready) {
  Server& server = servers_[key];
  if (!std::exchange(server.connecting, true)) return {*this, key};
  server.waiting.push_back(std::move(ready));
  return {};
}

void Http2Pool::keep(Http2Client& connection) {
  const auto& idle = connection.terms().connection.idle;
  (idle ? other_expiries_.of(*idle) : expiry_).join(connection);
}

Result<void> Http2Pool::adopt(Lead lead, std::shared_ptr<Channel> channel,
                              const Http2Terms& terms) {
  const auto key = lead.key_;
  auto connection = std::make_shared<Http2Client>(
      context_, std::move(channel), terms, [this](Http2Client& client) { keep(client); },
      [this, key](Http2Client& client) { forget(key, client); });
  SLUICE_TRY(connection->start());
  connection->keepAlive();
  servers_[key].connections.push_back(std::move(connection));
  return {};
}

Http2Pool::Lead& Http2Pool::Lead::operator=(Lead&& other) noexcept {
  if (this == &other) return *this;
  release();
  pool_ = std::exchange(other.pool_, nullptr);
  key_ = std::move(other.key_);
  return *this;
}

void Http2Pool::Lead::release() {
  if (auto* pool = std::exchange(pool_, nullptr)) pool->leadEnded(key_);
}

void Http2Pool::leadEnded(const Upstream::Key& key) {
  const auto server = servers_.find(key);
  if (server == servers_.end()) return;
  server->second.connecting = false;
  for (auto& ready : std::exchange(server->second.waiting, {}))
    context_.reactor.post(std::move(ready));
  forgetIfUnused(server);
}

void Http2Pool::forget(const Upstream::Key& key, const Http2Client& connection) {
  const auto server = servers_.find(key);
  if (server == servers_.end()) return;
  std::erase_if(server->second.connections,
                [&](const auto& each) { return each.get() == &connection; });
  forgetIfUnused(server);
}

void Http2Pool::forgetIfUnused(Servers::iterator server) {
  if (server->second.connections.empty() && !server->second.connecting) servers_.erase(server);
}

void Http2Pool::closeAll() {
  for (const auto& [key, server] : std::exchange(servers_, {}))
    for (const auto& connection : server.connections) connection->abort();
}

}  // namespace sluice::proxy
