// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "userspace/model/traffic_policy.h"
#include "userspace/routing/request_view.h"

namespace sluice::proxy {

/// The hash by which a cluster with consistentHash chooses a request's endpoint: of the values of a
/// header (Envoy: several in their own order, whatever that of the request), a cookie or a query
/// parameter. None when the request has none or an empty one.
std::optional<uint64_t> requestHash(const ConsistentHash& key, const routing::RequestView& request);

/// A cookie for clients that came without one; `seed` is what sets this client apart.
struct MadeCookie {
  uint64_t hash = 0;
  std::string field;  ///< value of Set-Cookie, in Envoy's form
};
MadeCookie makeCookie(const HttpCookie& cookie, std::string_view seed);

}  // namespace sluice::proxy
