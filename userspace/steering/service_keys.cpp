// SPDX-License-Identifier: Apache-2.0
#include "userspace/steering/service_keys.h"

#include <netinet/in.h>

#include <algorithm>

namespace sluice::steering {
namespace {

using routing::Family;

service_key keyOf(const IpAddress& ip, uint16_t port) {
  service_key key{};
  std::copy(ip.bytes.begin(), ip.bytes.end(), key.address);
  key.port = htons(port);
  key.protocol = IPPROTO_TCP;
  return key;
}

/// 0.0.0.0 or ::, which stand for every address.
IpAddress everyAddress(Family family) {
  IpAddress ip;
  if (family == Family::kV4) ip.bytes[10] = ip.bytes[11] = 0xff;
  return ip;
}

}  // namespace

std::vector<service_key> keysOf(const routing::ServiceRoute& route, Family family) {
  const auto port = route.service.port;
  if (route.service.host == routing::kAnyHost) return {keyOf(everyAddress(family), port)};
  std::vector<service_key> keys;
  for (const auto& ip : route.vips)
    if (routing::familyOf(ip) == family) keys.push_back(keyOf(ip, port));
  return keys;
}

}  // namespace sluice::steering
