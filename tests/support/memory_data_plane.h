// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "maps/tables.hpp"
#include "userspace/model/data_plane.h"

namespace sluice::test {

/// The kernel's tables in plain memory, with the kernel's rules: arrays have all their elements
/// from the start, hashes fill up, sizes must fit. Remembers every change in its order.
class MemoryDataPlane final : public DataPlane {
 public:
  using Buffer = std::vector<std::byte>;

  struct Change {
    Table table;
    Buffer key;
    std::optional<Buffer> value;  ///< absent: erased
  };

  /// Called after each change, on the thread that made it; may read, must not write.
  void onChange(std::function<void(const Change&)> observer) { observer_ = std::move(observer); }

  /// Makes the write or erase after `changes` more of them fail once with `error`.
  void failAfter(size_t changes, Error error) { failure_.emplace(changes, std::move(error)); }

  /// Lowers the capacity of a table that has not been used yet.
  void limit(Table table, uint32_t entries) { slot(table).entries = entries; }

  const std::vector<Change>& changes() const { return changes_; }
  void forgetChanges() { changes_.clear(); }

  Result<void> write(Table table, Bytes key, Bytes value) override {
    {
      const std::lock_guard lock(mutex_);
      SLUICE_TRY(failIfDue());
      SLUICE_TRY(store(table, key, value));
      changes_.push_back({table, buffer(key), buffer(value)});
    }
    if (observer_) observer_(changes_.back());
    return {};
  }

  Result<void> erase(Table table, Bytes key) override {
    {
      const std::lock_guard lock(mutex_);
      SLUICE_TRY(failIfDue());
      SLUICE_TRY(drop(table, key));
      changes_.push_back({table, buffer(key), std::nullopt});
    }
    if (observer_) observer_(changes_.back());
    return {};
  }

  Result<void> read(Table table, Bytes key, std::span<std::byte> value) override {
    const std::lock_guard lock(mutex_);
    auto found = find(table, key);
    if (!found.ok()) return std::move(found).error();
    if (found->size() != value.size()) return Error(Error::Code::kInvalid, "value size");
    std::copy(found->begin(), found->end(), value.begin());
    return {};
  }

  /// The visitor may read and write: it walks over a copy.
  Result<void> visit(Table table, const Visitor& visitor) override {
    std::unique_lock lock(mutex_);
    const Slot copy = slot(table);
    const Buffer values = isHash(table) ? Buffer{} : buffer(dense(table));
    lock.unlock();
    for (const auto& [key, value] : copy.hash) visitor(key, value);
    for (uint32_t i = 0; i < values.size() / copy.value_size; ++i)
      visitor(std::as_bytes(std::span<const uint32_t, 1>(&i, 1)),
              Bytes(values).subspan(i * copy.value_size, copy.value_size));
    return {};
  }

  uint32_t capacity(Table table) const override {
    const std::lock_guard lock(mutex_);
    const auto known = slots_.find(table);
    return known == slots_.end() ? kShapes[static_cast<size_t>(table)].entries
                                 : known->second.entries;
  }

  std::span<std::byte> shared(Table table) override {
    const std::lock_guard lock(mutex_);
    if (!isShared(table)) return {};
    return dense(table);
  }

 private:
  struct Shape {
    size_t key_size;
    size_t value_size;
    uint32_t entries;
  };
  struct Slot : Shape {
    std::map<Buffer, Buffer> hash;
    Buffer array;
  };

  static constexpr std::array kShapes = {
#define TABLE(Name, bpf_name, Key, Value, entries) Shape{sizeof(Key), sizeof(Value), entries},
#include "maps/abi/tables.def"
#undef TABLE
  };

  static bool isHash(Table table) {
    return table == Table::kWorkloads || table == Table::kServices || table == Table::kExceptions ||
           table == Table::kOriginalDestinations || table == Table::kFailures ||
           table == Table::kNames;
  }
  static bool isShared(Table table) {
    return table == Table::kServiceRequests || table == Table::kClusterRequests ||
           table == Table::kEndpointRequests || table == Table::kEndpointLoad ||
           table == Table::kServiceStats || table == Table::kClusterStats ||
           table == Table::kEndpointStats || table == Table::kEndings;
  }
  static Buffer buffer(Bytes bytes) { return Buffer(bytes.begin(), bytes.end()); }
  static Error notFound() { return {Error::Code::kNotFound, "no such key"}; }

  Slot& slot(Table table) {
    auto [at, fresh] = slots_.try_emplace(table);
    if (fresh) static_cast<Shape&>(at->second) = kShapes[static_cast<size_t>(table)];
    return at->second;
  }

  std::span<std::byte> dense(Table table) {
    auto& s = slot(table);
    s.array.resize(s.entries * s.value_size);
    return s.array;
  }

  Result<std::span<std::byte>> element(Table table, Bytes key) {
    uint32_t index = 0;
    if (key.size() != sizeof(index)) return Error(Error::Code::kInvalid, "key size");
    std::memcpy(&index, key.data(), sizeof(index));
    if (index >= slot(table).entries) return notFound();
    const auto size = slot(table).value_size;
    return dense(table).subspan(index * size, size);
  }

  Result<std::span<std::byte>> find(Table table, Bytes key) {
    if (!isHash(table)) return element(table, key);
    auto& hash = slot(table).hash;
    const auto at = hash.find(buffer(key));
    if (at == hash.end()) return notFound();
    return std::span<std::byte>(at->second);
  }

  Result<void> store(Table table, Bytes key, Bytes value) {
    auto& s = slot(table);
    if (key.size() != s.key_size || value.size() != s.value_size)
      return Error(Error::Code::kInvalid, "size of key or value");
    if (!isHash(table)) {
      auto at = element(table, key);
      if (!at.ok()) return std::move(at).error();
      std::copy(value.begin(), value.end(), at->begin());
      return {};
    }
    if (s.hash.size() >= s.entries && !s.hash.contains(buffer(key)))
      return Error(Error::Code::kExhausted, "table full");
    s.hash[buffer(key)] = buffer(value);
    return {};
  }

  Result<void> drop(Table table, Bytes key) {
    if (isHash(table)) {
      if (slot(table).hash.erase(buffer(key)) == 0) return notFound();
      return {};
    }
    auto at = element(table, key);
    if (!at.ok()) return std::move(at).error();
    std::fill(at->begin(), at->end(), std::byte{});
    return {};
  }

  Result<void> failIfDue() {
    if (!failure_) return {};
    if (failure_->first-- > 0) return {};
    Error error = std::move(failure_->second);
    failure_.reset();
    return error;
  }

  mutable std::mutex mutex_;
  std::map<Table, Slot> slots_;
  std::vector<Change> changes_;
  std::optional<std::pair<size_t, Error>> failure_;
  std::function<void(const Change&)> observer_;
};

}  // namespace sluice::test
