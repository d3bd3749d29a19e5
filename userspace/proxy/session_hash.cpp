// SPDX-License-Identifier: Apache-2.0
// Which endpoint a request itself asks for.
#include "userspace/proxy/request_hash.h"
#include "userspace/proxy/session.h"

namespace sluice::proxy {

/// While the scratch holds the request. Envoy: a cookie that is made is the same for all requests
/// of a connection, so that those on their way at the same time stay together.
void Session::hashRequest() {
  exchange_.hash.reset();
  exchange_.set_cookie.clear();
  const auto* key = exchange_.cluster == nullptr ? nullptr : exchange_.cluster->hash_key;
  if (key == nullptr) return;
  exchange_.hash = requestHash(*key, requestView());
  if (exchange_.hash || !key->http_cookie || !key->http_cookie->ttl) return;
  const auto seed = origin_.client.text() + route_->route->service.text();
  auto made = makeCookie(*key->http_cookie, seed);
  exchange_.hash = made.hash;
  exchange_.set_cookie = std::move(made.field);
}

}  // namespace sluice::proxy
