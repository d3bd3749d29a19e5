// SPDX-License-Identifier: Apache-2.0
#include "userspace/steering/contents.h"

#include <algorithm>

#include "maps/tables.hpp"

namespace sluice::steering {
namespace {

using maps::View;

bool sameSlots(const std::vector<alias_slot>& a, const std::vector<alias_slot>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.threshold == y.threshold && x.own == y.own && x.alias == y.alias;
  });
}

template <Table table>
Result<std::vector<alias_slot>> readSlots(DataPlane& data_plane, uint32_t first, uint32_t count) {
  const View<table> view(data_plane);
  std::vector<alias_slot> slots;
  if (count > maps::TableTraits<table>::kEntries)
    return Error(Error::Code::kInvalid, "slots of a route or cluster: more than the table has");
  for (uint32_t i = 0; i < count; ++i) {
    auto slot = view.get(first + i);
    if (!slot.ok()) return std::move(slot).error();
    slots.push_back(*slot);
  }
  return slots;
}

Result<void> readRoutes(DataPlane& data_plane, const IdBook& book, Contents& contents) {
  const View<Table::kRoutes> routes(data_plane);
  for (const auto& [id, entry] : book.entries(NAME_ROUTE)) {
    const auto head = routes.get(id);
    if (!head.ok()) return head.error();
    if (head->via == ROUTE_VIA_NONE) continue;
    auto slots = readSlots<Table::kRouteSlots>(data_plane, head->first_slot, head->slot_count);
    if (!slots.ok()) return std::move(slots).error();
    contents.routes[id] = {*head, *std::move(slots)};
  }
  return {};
}

Result<void> readClusters(DataPlane& data_plane, const IdBook& book, Contents& contents) {
  const View<Table::kClusters> clusters(data_plane);
  for (const auto& [id, entry] : book.entries(NAME_CLUSTER)) {
    const auto head = clusters.get(id);
    if (!head.ok()) return head.error();
    if (!(head->shape & CLUSTER_EXISTS)) continue;
    auto slots =
        readSlots<Table::kClusterSlots>(data_plane, head->first_slot, CLUSTER_COUNT(head->shape));
    if (!slots.ok()) return std::move(slots).error();
    contents.clusters[id] = {*head, *std::move(slots)};
  }
  return {};
}

Result<void> readBindings(DataPlane& data_plane, const IdBook& book, Contents& contents) {
  const View<Table::kBindings> bindings(data_plane);
  for (const auto& [id, entry] : book.entries(NAME_BINDING)) {
    const auto word = bindings.get(id);
    if (!word.ok()) return word.error();
    if (word->route) contents.bindings[id] = *word;
  }
  return {};
}

Result<void> readEndpoints(DataPlane& data_plane, const IdBook& book, Contents& contents) {
  const View<Table::kEndpoints> endpoints(data_plane);
  for (const auto& [id, entry] : book.entries(NAME_ENDPOINT)) {
    const auto endpoint = endpoints.get(id);
    if (!endpoint.ok()) return endpoint.error();
    if (endpoint->port) contents.endpoints.insert(id);
    if (endpoint->flags & ENDPOINT_GONE) contents.gone.insert(id);
  }
  return {};
}

}  // namespace

bool sameContent(const RouteContent& a, const RouteContent& b) {
  return a.head.via == b.head.via && a.head.flags == b.head.flags &&
         a.head.service == b.head.service && a.head.client_class == b.head.client_class &&
         a.head.fallback == b.head.fallback && sameSlots(a.slots, b.slots);
}

bool sameContent(const ClusterContent& a, const ClusterContent& b) {
  return a.head.shape == b.head.shape && sameSlots(a.slots, b.slots);
}

Result<void> readNames(DataPlane& data_plane, IdBook& book) {
  return View<Table::kNames>(data_plane).visit([&](const name_key& key, const name& value) {
    book.recover(key, value);
  });
}

Result<Contents> readContents(DataPlane& data_plane, const IdBook& book) {
  Contents contents;
  SLUICE_TRY(
      View<Table::kServices>(data_plane).visit([&](const service_key& key, const service& value) {
        contents.services[key] = value;
      }));
  SLUICE_TRY(
      View<Table::kExceptions>(data_plane).visit([&](const exception_key& key, uint32_t binding) {
        contents.exceptions[{key.service, key.client_class}] = binding;
      }));
  SLUICE_TRY(readBindings(data_plane, book, contents));
  SLUICE_TRY(readRoutes(data_plane, book, contents));
  SLUICE_TRY(readClusters(data_plane, book, contents));
  SLUICE_TRY(readEndpoints(data_plane, book, contents));
  return contents;
}

}  // namespace sluice::steering
