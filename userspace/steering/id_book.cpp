// SPDX-License-Identifier: Apache-2.0
#include "userspace/steering/id_book.h"

#include <algorithm>
#include <utility>

#include "maps/lib/hash.h"

namespace sluice::steering {
namespace {

const char* kindName(name_kind kind) {
  switch (kind) {
    case NAME_SERVICE:
      return "services";
    case NAME_BINDING:
      return "bindings";
    case NAME_CLUSTER:
      return "clusters";
    case NAME_ENDPOINT:
      return "endpoints";
    case NAME_ROUTE:
      return "routes";
  }
  return "";
}

}  // namespace

name IdBook::Entry::value() const {
  name value{};
  value.hash = hash;
  value.generation = generation;
  text.copy(value.text, SLUICE_NAME_SIZE - 1);
  return value;
}

IdBook::Entry IdBook::entryOf(std::string_view full_name) {
  return {fnv1a64(full_name.data(), full_name.size()), 0,
          std::string(full_name.substr(0, SLUICE_NAME_SIZE - 1))};
}

/// The id that stands for the name of `entry`; 0 when there is none.
uint32_t IdBook::currentOf(const Shelf& shelf, const Entry& entry) {
  const auto [begin, end] = shelf.current.equal_range(entry.hash);
  for (auto at = begin; at != end; ++at)
    if (shelf.entries.at(at->second).text == entry.text) return at->second;
  return 0;
}

void IdBook::settled(TimePoint now) {
  for (const auto& step : undo_)
    if (!step.before) shelf(step.kind).entries.at(step.id).named = now;
  undo_ = std::vector<Undo>();  // what the first plan takes is not kept
}

/// 0: none does.
void IdBook::setCurrent(Shelf& shelf, const Entry& entry, uint32_t id) {
  const auto [begin, end] = shelf.current.equal_range(entry.hash);
  for (auto at = begin; at != end; ++at)
    if (shelf.entries.at(at->second).text == entry.text) {
      shelf.current.erase(at);
      break;
    }
  if (id) shelf.current.emplace(entry.hash, id);
}

uint32_t IdBook::find(name_kind kind, std::string_view full_name) const {
  return currentOf(shelf(kind), entryOf(full_name));
}

Result<uint32_t> IdBook::takeId(name_kind kind) {
  auto& shelf = this->shelf(kind);
  const bool fresh = shelf.freed.empty();
  if (used_ >= names_ || (fresh && shelf.next > limits_[kind - 1]))
    return Error(Error::Code::kExhausted,
                 std::string(used_ >= names_ ? "names" : kindName(kind)) + ": the table is full");
  ++used_;
  return fresh ? shelf.next++ : shelf.freed.extract(shelf.freed.begin()).value();
}

Result<uint32_t> IdBook::acquire(name_kind kind, std::string_view full_name) {
  const uint32_t id = find(kind, full_name);
  if (!id) return renew(kind, full_name);
  auto& entry = shelf(kind).entries.at(id);
  if (entry.retired) {
    undo_.push_back({kind, id, entry, id});
    entry.retired.reset();
  }
  return id;
}

Result<uint32_t> IdBook::renew(name_kind kind, std::string_view full_name) {
  auto id = takeId(kind);
  if (!id.ok()) return id;
  auto entry = entryOf(full_name);
  entry.generation = ++generation_;
  auto& shelf = this->shelf(kind);
  undo_.push_back({kind, *id, std::nullopt, currentOf(shelf, entry)});
  const auto& made = shelf.entries[*id] = std::move(entry);
  setCurrent(shelf, made, *id);
  return id;
}

void IdBook::rollback(size_t mark) {
  while (undo_.size() > mark) {
    undo(undo_.back());
    undo_.pop_back();
  }
}

void IdBook::undo(const Undo& step) {
  auto& shelf = this->shelf(step.kind);
  auto& entry = shelf.entries.at(step.id);
  if (step.before) {
    entry = *step.before;
    return;
  }
  setCurrent(shelf, entry, step.previous_current);
  free(step.kind, step.id);
}

std::vector<name_key> IdBook::unwritten() const {
  std::vector<name_key> keys;
  for (const auto& step : undo_)
    if (!step.before) keys.push_back({step.kind, step.id});
  return keys;
}

std::vector<name_key> IdBook::acquired() const {
  std::vector<name_key> keys;
  keys.reserve(undo_.size());
  for (const auto& step : undo_) keys.push_back({step.kind, step.id});
  return keys;
}

void IdBook::retire(name_kind kind, uint32_t id, TimePoint now) {
  auto& entries = shelf(kind).entries;
  const auto at = entries.find(id);
  if (at != entries.end() && !at->second.retired) at->second.retired = now;
}

std::vector<uint32_t> IdBook::retiredBefore(name_kind kind, TimePoint then) const {
  std::vector<uint32_t> ids;
  for (const auto& [id, entry] : shelf(kind).entries)
    if (entry.retired && *entry.retired <= then) ids.push_back(id);
  return ids;
}

void IdBook::free(name_kind kind, uint32_t id) {
  auto& shelf = this->shelf(kind);
  const auto at = shelf.entries.find(id);
  if (currentOf(shelf, at->second) == id) setCurrent(shelf, at->second, 0);
  shelf.entries.erase(at);
  shelf.freed.insert(id);
  --used_;
}

void IdBook::recover(const name_key& key, const name& value) {
  if (key.kind < NAME_SERVICE || key.kind > NAME_ROUTE) return;
  if (key.id == 0 || key.id > limits_[key.kind - 1]) return;
  auto& shelf = this->shelf(static_cast<name_kind>(key.kind));
  const auto [at, is_new] =
      shelf.entries.try_emplace(key.id, Entry{value.hash, value.generation, value.text});
  if (!is_new) return;
  ++used_;
  generation_ = std::max<uint64_t>(generation_, value.generation);
  const auto current = currentOf(shelf, at->second);
  if (!current || shelf.entries.at(current).generation < value.generation)
    setCurrent(shelf, at->second, key.id);
  for (; shelf.next <= key.id; ++shelf.next) shelf.freed.insert(shelf.next);
  shelf.freed.erase(key.id);
}

}  // namespace sluice::steering
