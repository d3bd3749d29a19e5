// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::balance {

/// Where a client or an endpoint runs; parts that are not known are empty.
struct Locality {
  std::string_view region, zone, subzone;

  /// Of "region/zone/subzone"; missing parts are empty. Borrows `text`.
  static Locality parse(std::string_view text);
};

/// Whether `locality` is one that `pattern` means: "*", "region/*", "region/zone/*", "region/zone".
/// Istio, LocalityMatch: a zone or subzone that is not given is any.
bool covers(std::string_view pattern, const Locality& locality);

/// Istio, LbPriority: 0 same subzone, 1 same zone, 2 same region, 3 elsewhere.
uint32_t distance(const Locality& client, const Locality& endpoint);

}  // namespace sluice::balance
