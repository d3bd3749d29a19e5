// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>

namespace sluice {

/// Where draws come from; tests seed it.
class Random {
 public:
  virtual ~Random() = default;
  /// Uniform over all 2^64 values.
  virtual uint64_t draw() = 0;
};

/// Mersenne twister, seeded from the system. Not for secrets.
class SystemRandom final : public Random {
 public:
  SystemRandom() : engine_(std::random_device{}()) {}
  explicit SystemRandom(uint64_t seed) : engine_(seed) {}
  uint64_t draw() override { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

}  // namespace sluice
