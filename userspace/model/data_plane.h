// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "userspace/base/result.h"

namespace sluice {

/// The tables of maps/abi/tables.def.
enum class Table {
#define TABLE(Name, bpf_name, Key, Value, entries) k##Name,
#include "maps/abi/tables.def"
#undef TABLE
};

/// What is read and written of the kernel's tables. Keys and values are the structs of maps/abi
/// as bytes; maps/tables.hpp gives them their types. Safe to use from several threads.
class DataPlane {
 public:
  using Bytes = std::span<const std::byte>;
  using Visitor = std::function<void(Bytes key, Bytes value)>;

  virtual ~DataPlane() = default;

  /// Adds or replaces. An 8-byte value of an array table is written by a single store.
  /// kExhausted: the table is full.
  virtual Result<void> write(Table table, Bytes key, Bytes value) = 0;

  /// kNotFound when there is no such key. An array's element becomes zero.
  virtual Result<void> erase(Table table, Bytes key) = 0;

  /// Per-CPU tables answer the sum over all CPUs, field by field (every field is 64 bits).
  /// kNotFound when there is no such key.
  virtual Result<void> read(Table table, Bytes key, std::span<std::byte> value) = 0;

  /// Hash tables: each element that stayed during the walk, once. Array tables: each index.
  virtual Result<void> visit(Table table, const Visitor& visitor) = 0;

  /// How many elements the table can have. Fixed when the kernel's map was made, which may have
  /// been by another version with other limits: not the constant of maps/abi/limits.h.
  virtual uint32_t capacity(Table table) const = 0;

  /// The memory of an array table that user space maps (the request counters), for as long as
  /// this object lives; empty for the others.
  virtual std::span<std::byte> shared(Table table) = 0;
};

}  // namespace sluice
