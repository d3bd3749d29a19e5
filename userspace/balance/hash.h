// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::balance {

/// xxHash64, which Envoy hashes requests and hosts with: what is hashed here lands where it does
/// there, as long as tables and members are the same.
uint64_t hash64(std::string_view text, uint64_t seed = 0);

}  // namespace sluice::balance
