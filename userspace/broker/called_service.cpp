// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/called_service.h"

#include <arpa/inet.h>

#include <algorithm>

#include "maps/lib/address.h"

namespace sluice::broker {

std::optional<service> calledService(const maps::View<Table::kServices>& services,
                                     const SocketAddress& called) {
  service_key key{};
  std::ranges::copy(called.ip.bytes, key.address);
  key.port = htons(called.port);
  key.protocol = IPPROTO_TCP;
  if (address_is_any(key.address)) return std::nullopt;
  if (const auto exact = services.get(key); exact.ok()) return *exact;
  if (address_is_loopback(key.address)) return std::nullopt;
  const bool v4 = called.ip.isV4();
  std::ranges::fill(key.address, uint8_t{0});
  if (v4) address_set_v4(key.address, 0);
  const auto any = services.get(key);
  return any.ok() ? std::optional(*any) : std::nullopt;
}

}  // namespace sluice::broker
