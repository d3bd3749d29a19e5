// SPDX-License-Identifier: Apache-2.0
#include "tests/cases/backend/gate.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <gate.skel.h>

#include <cstring>
#include <utility>

#include "tests/cases/backend/door.h"
#include "userspace/base/fd.h"

namespace sluice::test {
namespace {

constexpr size_t kV4Offset = 12;  ///< of the four bytes in a v4-mapped address

door_key keyOf(const SocketAddress& address) {
  door_key key{};
  std::memcpy(&key.address, address.ip.bytes.data() + kV4Offset, sizeof key.address);
  key.port = address.port;
  return key;
}

SocketAddress addressOf(const door_key& key) {
  SocketAddress address;
  address.ip.bytes[10] = address.ip.bytes[11] = 0xff;
  std::memcpy(address.ip.bytes.data() + kV4Offset, &key.address, sizeof key.address);
  address.port = static_cast<uint16_t>(key.port);
  return address;
}

}  // namespace

struct Gate::Loaded {
  gate* skeleton = nullptr;
  bpf_link* link = nullptr;

  int doors() const { return bpf_map__fd(skeleton->maps.doors); }
  int refusals() const { return bpf_map__fd(skeleton->maps.refusals); }

  Loaded() = default;
  Loaded(const Loaded&) = delete;
  Loaded& operator=(const Loaded&) = delete;
  ~Loaded() {
    bpf_link__destroy(link);
    gate__destroy(skeleton);
  }
};

Gate::Gate(std::unique_ptr<Loaded> loaded) : loaded_(std::move(loaded)) {}
Gate::Gate(Gate&&) noexcept = default;
Gate::~Gate() = default;

Result<Gate> Gate::install() {
  auto loaded = std::make_unique<Loaded>();
  loaded->skeleton = gate__open_and_load();
  if (loaded->skeleton == nullptr) return Error::system("load the gate's program");
  Fd network(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!network) return Error::system("open the network namespace");
  loaded->link = bpf_program__attach_netns(loaded->skeleton->progs.watch_door, network.get());
  if (loaded->link == nullptr) return Error::system("attach the gate's program");
  return Gate(std::move(loaded));
}

Result<void> Gate::clear() {
  uint32_t refusal = 0;
  while (bpf_map_lookup_and_delete_elem(loaded_->refusals(), nullptr, &refusal) == 0) {
  }
  door_key key{};
  while (bpf_map_get_next_key(loaded_->doors(), nullptr, &key) == 0)
    if (bpf_map_delete_elem(loaded_->doors(), &key) != 0) return Error::system("remove a door");
  return {};
}

Result<void> Gate::addDoor(const SocketAddress& address, bool closed) {
  if (!address.ip.isV4())
    return Error(Error::Code::kUnsupported, "a door for " + address.text() + ", which is no IPv4");
  const auto key = keyOf(address);
  const door value{.attempts = 0, .closed = closed ? 1U : 0U};
  if (bpf_map_update_elem(loaded_->doors(), &key, &value, BPF_ANY) != 0)
    return Error::system("make a door for " + address.text());
  return {};
}

Result<void> Gate::setDoors(const std::set<SocketAddress>& open,
                            const std::set<SocketAddress>& closed) {
  SLUICE_TRY(clear());
  for (const auto& address : open) SLUICE_TRY(addDoor(address, false));
  for (const auto& address : closed) SLUICE_TRY(addDoor(address, true));
  return {};
}

Result<void> Gate::refuseNext(size_t count) {
  const uint32_t refusal = 1;
  for (size_t i = 0; i < count; ++i)
    if (bpf_map_update_elem(loaded_->refusals(), nullptr, &refusal, BPF_ANY) != 0)
      return Error::system("refuse the next connection");
  return {};
}

Result<std::map<SocketAddress, uint64_t>> Gate::attempts() const {
  std::map<SocketAddress, uint64_t> counts;
  door_key key{};
  const door_key* last = nullptr;
  for (; bpf_map_get_next_key(loaded_->doors(), last, &key) == 0; last = &key) {
    door value{};
    if (bpf_map_lookup_elem(loaded_->doors(), &key, &value) != 0)
      return Error::system("read a door");
    if (value.attempts > 0) counts[addressOf(key)] = value.attempts;
  }
  return counts;
}

}  // namespace sluice::test
