// SPDX-License-Identifier: Apache-2.0
#include "userspace/balance/spread.h"

#include <algorithm>
#include <set>

namespace sluice::balance {

Result<Spread> spreadOver(std::span<const uint32_t> shares) {
  Spread spread;
  const std::set<uint32_t> kinds(shares.begin(), shares.end());
  spread.alike = kinds.size() <= 1;
  spread.even = kinds.size() - kinds.count(0) <= 1;
  if (spread.alike) {
    spread.slots = evenTable(static_cast<uint32_t>(shares.size()));
    return spread;
  }
  auto table = aliasTable(shares);
  if (!table.ok()) return std::move(table).error();
  spread.slots = *std::move(table);
  return spread;
}

}  // namespace sluice::balance
