// SPDX-License-Identifier: Apache-2.0
#include "loader/map_data_plane.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <fstream>
#include <string>

#include "loader/mapped_memory.h"
#include "maps/tables.hpp"

namespace sluice::loader {

namespace {

constexpr uint32_t kBatch = 1024;

/// What this program was compiled for.
struct Shape {
  const char* name;
  uint32_t key_size;
  uint32_t value_size;
};

constexpr Shape kShapes[] = {
#define TABLE(Name, bpf_name, Key, Value, entries) {#bpf_name, sizeof(Key), sizeof(Value)},
#include "maps/abi/tables.def"
#undef TABLE
};

Error mapError(const char* action, const char* map, int errnum) {
  const auto what = fmt::format("{} map {}", action, map);
  if (errnum == ENOENT) return Error(Error::Code::kNotFound, what + ": no such key");
  if (errnum == E2BIG || errnum == ENOSPC) {
    return Error(Error::Code::kExhausted, what + ": the map is full");
  }
  if (errnum == EPERM) return Error::system(what, errnum, kAgentMapsRemedy);
  return Error::system(what, errnum);
}

/// From /proc, as bpf(2) does not tell it.
uint64_t accountedBytes(int map_fd) {
  std::ifstream info("/proc/self/fdinfo/" + std::to_string(map_fd));
  for (std::string field; info >> field;)
    if (uint64_t bytes = 0; field == "memlock:" && info >> bytes) return bytes;
  return 0;
}

void addWords(std::span<std::byte> sum, const std::byte* value) {
  for (size_t at = 0; at < sum.size(); at += sizeof(uint64_t)) {
    uint64_t total = 0;
    uint64_t part = 0;
    std::memcpy(&total, sum.data() + at, sizeof(total));
    std::memcpy(&part, value + at, sizeof(part));
    total += part;
    std::memcpy(sum.data() + at, &total, sizeof(total));
  }
}

}  // namespace

struct MapDataPlane::Map {
  const char* name = nullptr;
  Fd fd;
  bpf_map_info info{};
  MappedMemory memory;

  bool isArray() const {
    return info.type == BPF_MAP_TYPE_ARRAY || info.type == BPF_MAP_TYPE_PERCPU_ARRAY;
  }
  bool isPerCpu() const { return info.type == BPF_MAP_TYPE_PERCPU_ARRAY; }
  std::string_view type() const {
    if (isPerCpu()) return "per-CPU array";
    return isArray() ? "array" : "hash";
  }

  static Result<Map> open(Fd fd, const Shape& shape);
  Result<void> checkSizes(Bytes key, size_t value_size) const;
  std::span<std::byte> element(Bytes key) const;
  Result<void> readPerCpu(Bytes key, std::span<std::byte> value) const;
  Result<void> visitMemory(const Visitor& visitor) const;
  Result<void> visitIndices(const Visitor& visitor) const;
  Result<void> visitBatches(const Visitor& visitor) const;
};

Result<MapDataPlane::Map> MapDataPlane::Map::open(Fd fd, const Shape& shape) {
  Map map;
  map.name = shape.name;
  uint32_t size = sizeof(map.info);
  if (bpf_obj_get_info_by_fd(fd.get(), &map.info, &size) != 0) {
    return mapError("inspect", shape.name, errno);
  }
  if (map.info.key_size != shape.key_size || map.info.value_size != shape.value_size) {
    return Error(
        Error::Code::kInvalid,
        fmt::format("map {} has keys of {} and values of {} bytes, not {} and {}", shape.name,
                    map.info.key_size, map.info.value_size, shape.key_size, shape.value_size));
  }
  if (map.info.map_flags & BPF_F_MMAPABLE) {
    auto memory = MappedMemory::map(fd.get(), size_t{map.info.max_entries} * shape.value_size);
    if (!memory) return std::move(memory).error().in(shape.name);
    map.memory = *std::move(memory);
  }
  map.fd = std::move(fd);
  return map;
}

Result<void> MapDataPlane::Map::checkSizes(Bytes key, size_t value_size) const {
  if (key.size() == info.key_size && value_size == info.value_size) return {};
  return Error(Error::Code::kInvalid, fmt::format("map {}: key or value of a wrong size", name));
}

/// Where a mapped array has the element; empty when it is not mapped or has no such index.
std::span<std::byte> MapDataPlane::Map::element(Bytes key) const {
  uint32_t index = 0;
  std::memcpy(&index, key.data(), sizeof(index));
  if (memory.bytes().empty() || index >= info.max_entries) return {};
  return memory.bytes().subspan(size_t{index} * info.value_size, info.value_size);
}

Result<void> MapDataPlane::Map::readPerCpu(Bytes key, std::span<std::byte> value) const {
  const int cpus = libbpf_num_possible_cpus();
  if (cpus < 0) return Error::system("count the CPUs", -cpus);
  // The kernel rounds each CPU's value up to 8 bytes.
  const size_t stride = (value.size() + 7) / 8 * 8;
  std::vector<std::byte> values(stride * static_cast<size_t>(cpus));
  if (bpf_map_lookup_elem(fd.get(), key.data(), values.data()) != 0) {
    return mapError("read", name, errno);
  }
  std::fill(value.begin(), value.end(), std::byte{0});
  for (size_t at = 0; at < values.size(); at += stride) addWords(value, &values[at]);
  return {};
}

Result<void> MapDataPlane::Map::visitMemory(const Visitor& visitor) const {
  for (uint32_t index = 0; index < info.max_entries; ++index) {
    visitor(std::as_bytes(std::span(&index, 1)),
            memory.bytes().subspan(size_t{index} * info.value_size, info.value_size));
  }
  return {};
}

Result<void> MapDataPlane::Map::visitIndices(const Visitor& visitor) const {
  std::vector<std::byte> value(info.value_size);
  for (uint32_t index = 0; index < info.max_entries; ++index) {
    const auto key = std::as_bytes(std::span(&index, 1));
    SLUICE_TRY(readPerCpu(key, value));
    visitor(key, value);
  }
  return {};
}

/// Bucket by bucket: unlike a walk from key to key it neither repeats nor loses elements when
/// others are deleted meanwhile.
Result<void> MapDataPlane::Map::visitBatches(const Visitor& visitor) const {
  const uint32_t batch = std::min(kBatch, std::max(info.max_entries, 1U));
  std::vector<std::byte> keys(size_t{batch} * info.key_size);
  std::vector<std::byte> values(size_t{batch} * info.value_size);
  // Array maps keep a key in it, hash maps the number of a bucket.
  std::vector<std::byte> position(std::max<size_t>(info.key_size, sizeof(uint32_t)));
  for (bool first = true, last = false; !last; first = false) {
    uint32_t count = batch;
    const int failed =
        bpf_map_lookup_batch(fd.get(), first ? nullptr : position.data(), position.data(),
                             keys.data(), values.data(), &count, nullptr);
    last = failed != 0;
    if (last && errno != ENOENT) return mapError("walk", name, errno);
    for (size_t i = 0; i < count; ++i) {
      visitor(std::span(keys).subspan(i * info.key_size, info.key_size),
              std::span(values).subspan(i * info.value_size, info.value_size));
    }
  }
  return {};
}

MapDataPlane::MapDataPlane(std::vector<Map> maps) : maps_(std::move(maps)) {}
MapDataPlane::~MapDataPlane() = default;

Result<std::unique_ptr<MapDataPlane>> MapDataPlane::create(std::vector<Fd> maps) {
  if (maps.size() != std::size(kShapes)) {
    return Error(Error::Code::kInvalid,
                 fmt::format("{} maps instead of {}", maps.size(), std::size(kShapes)));
  }
  std::vector<Map> opened;
  for (size_t i = 0; i < maps.size(); ++i) {
    auto map = Map::open(std::move(maps[i]), kShapes[i]);
    if (!map) return std::move(map).error();
    opened.push_back(*std::move(map));
  }
  return std::unique_ptr<MapDataPlane>(new MapDataPlane(std::move(opened)));
}

MapDataPlane::Map& MapDataPlane::at(Table table) { return maps_[static_cast<size_t>(table)]; }

const MapDataPlane::Map& MapDataPlane::at(Table table) const {
  return maps_[static_cast<size_t>(table)];
}

Result<void> MapDataPlane::write(Table table, Bytes key, Bytes value) {
  Map& map = at(table);
  SLUICE_TRY(map.checkSizes(key, value.size()));
  const auto element = map.element(key);
  if (element.size() == sizeof(uint64_t)) {
    uint64_t word = 0;
    std::memcpy(&word, value.data(), sizeof(word));
    // Release: what the word refers to has been written before.
    std::atomic_ref(*reinterpret_cast<uint64_t*>(element.data()))
        .store(word, std::memory_order_release);
    return {};
  }
  if (map.isPerCpu()) {
    return Error(Error::Code::kInvalid, fmt::format("map {} is written by the kernel", map.name));
  }
  if (bpf_map_update_elem(map.fd.get(), key.data(), value.data(), BPF_ANY) == 0) return {};
  if (map.isArray() && errno == E2BIG) return mapError("write", map.name, ENOENT);
  return mapError("write", map.name, errno);
}

Result<void> MapDataPlane::erase(Table table, Bytes key) {
  Map& map = at(table);
  if (map.isArray()) return write(table, key, std::vector<std::byte>(map.info.value_size));
  SLUICE_TRY(map.checkSizes(key, map.info.value_size));
  if (bpf_map_delete_elem(map.fd.get(), key.data()) == 0) return {};
  return mapError("delete from", map.name, errno);
}

Result<void> MapDataPlane::read(Table table, Bytes key, std::span<std::byte> value) {
  Map& map = at(table);
  SLUICE_TRY(map.checkSizes(key, value.size()));
  if (map.isPerCpu()) return map.readPerCpu(key, value);
  if (bpf_map_lookup_elem(map.fd.get(), key.data(), value.data()) == 0) return {};
  return mapError("read", map.name, errno);
}

Result<void> MapDataPlane::visit(Table table, const Visitor& visitor) {
  const Map& map = at(table);
  if (!map.memory.bytes().empty()) return map.visitMemory(visitor);
  if (map.isPerCpu()) return map.visitIndices(visitor);
  return map.visitBatches(visitor);
}

uint32_t MapDataPlane::capacity(Table table) const { return at(table).info.max_entries; }

std::span<std::byte> MapDataPlane::shared(Table table) { return at(table).memory.bytes(); }

std::vector<MapFacts> MapDataPlane::facts() const {
  std::vector<MapFacts> all;
  for (const auto& map : maps_)
    all.push_back({static_cast<Table>(all.size()), map.type(), map.info.max_entries,
                   accountedBytes(map.fd.get())});
  return all;
}

}  // namespace sluice::loader
