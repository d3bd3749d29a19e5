// SPDX-License-Identifier: Apache-2.0
// Typed views of the kernel's tables over any DataPlane.
#pragma once

#include <cstring>
#include <string_view>
#include <type_traits>

#include "maps/abi/types.h"
#include "userspace/model/data_plane.h"

namespace sluice::maps {

/// Key, value, name and capacity of a table, from maps/abi/tables.def.
template <Table table>
struct TableTraits;

#define TABLE(Name, bpf_name, KeyType, ValueType, entries)                           \
  template <>                                                                        \
  struct TableTraits<Table::k##Name> {                                               \
    using Key = KeyType;                                                             \
    using Value = ValueType;                                                         \
    static constexpr std::string_view kName = #bpf_name;                             \
    static constexpr uint32_t kEntries = entries;                                    \
    static_assert(kName.size() <= 15, "the kernel cuts longer names");               \
    static_assert(std::has_unique_object_representations_v<Key>, "hashed as bytes"); \
    static_assert(std::is_trivially_copyable_v<Value>);                              \
  };
#include "maps/abi/tables.def"
#undef TABLE

/// One table. Borrows the data plane.
template <Table table>
class View {
 public:
  using Key = typename TableTraits<table>::Key;
  using Value = typename TableTraits<table>::Value;

  explicit View(DataPlane& data_plane) : data_plane_(data_plane) {}

  Result<void> put(const Key& key, const Value& value) {
    return data_plane_.write(table, bytes(key), bytes(value));
  }

  Result<void> erase(const Key& key) { return data_plane_.erase(table, bytes(key)); }

  Result<Value> get(const Key& key) const {
    Value value{};
    auto result =
        data_plane_.read(table, bytes(key), std::as_writable_bytes(std::span<Value, 1>(&value, 1)));
    if (!result.ok()) return std::move(result).error();
    return value;
  }

  /// visitor(const Key&, const Value&)
  template <typename Visitor>
  Result<void> visit(const Visitor& visitor) const {
    return data_plane_.visit(table, [&](DataPlane::Bytes key, DataPlane::Bytes value) {
      Key k;
      Value v;
      std::memcpy(&k, key.data(), sizeof(k));
      std::memcpy(&v, value.data(), sizeof(v));
      visitor(k, v);
    });
  }

  uint32_t capacity() const { return data_plane_.capacity(table); }

  /// The element in shared memory, for as long as the data plane lives; null when the table is
  /// not mapped or has no such index.
  Value* shared(uint32_t index) const {
    const auto memory = data_plane_.shared(table);
    if (memory.size() / sizeof(Value) <= index) return nullptr;
    return std::launder(reinterpret_cast<Value*>(memory.data() + index * sizeof(Value)));
  }

 private:
  template <typename T>
  static DataPlane::Bytes bytes(const T& object) {
    return std::as_bytes(std::span<const T, 1>(&object, 1));
  }

  DataPlane& data_plane_;
};

}  // namespace sluice::maps
