// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "userspace/model/virtual_service.h"

namespace sluice {

/// What a rule costs each host and port that has it: itself, its matches and its destinations.
uint64_t weightOf(const HttpRoute& rule);
uint64_t weightOf(const TcpRoute& rule);
uint64_t weightOf(const TlsRoute& rule);

template <typename Rules>
uint64_t weightOfAll(const Rules& rules) {
  uint64_t weight = 0;
  for (const auto& rule : rules) weight += weightOf(rule);
  return weight;
}

}  // namespace sluice
