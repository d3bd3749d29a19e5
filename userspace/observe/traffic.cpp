// SPDX-License-Identifier: Apache-2.0
#include "userspace/observe/traffic.h"

#include <array>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include "maps/lib/load.h"
#include "maps/tables.hpp"

namespace sluice::observe {
namespace {

using Names = std::vector<std::pair<name_key, std::string>>;

/// All names first, counters after: the walk must not depend on what its visitor reads.
Result<Names> readNames(DataPlane& data_plane) {
  Names names;
  SLUICE_TRY(maps::View<Table::kNames>(data_plane).visit([&](const name_key& key, const name& n) {
    names.emplace_back(key, std::string(n.text, ::strnlen(n.text, sizeof(n.text))));
  }));
  return names;
}

/// An id that is being given back may have lost its counters between two reads: that is zero.
template <Table table>
auto readOrZero(DataPlane& data_plane, uint32_t id) {
  auto value = maps::View<table>(data_plane).get(id);
  return value ? *value : typename maps::TableTraits<table>::Value{};
}

template <Table connections, Table requests>
Counters readCounters(DataPlane& data_plane, uint32_t id) {
  return {readOrZero<connections>(data_plane, id), readOrZero<requests>(data_plane, id)};
}

/// "host:80/v4#class 3" -> "host:80": a family and a client class are no service of their own.
std::string serviceOf(std::string_view binding) {
  const auto class_at = binding.find('#');
  if (class_at != std::string_view::npos) binding = binding.substr(0, class_at);
  if (binding.ends_with("/v4") || binding.ends_with("/v6")) binding.remove_suffix(3);
  return std::string(binding);
}

struct Collected {
  std::map<std::string, Counters> services;
  std::map<ClusterName, Counters> clusters;
  std::map<std::string, EndpointTraffic> endpoints;
  std::map<std::string, uint64_t> routes;
};

void addEndpoint(DataPlane& data_plane, uint32_t id, const std::string& address, Collected& all) {
  auto& endpoint = all.endpoints[address];
  endpoint.address = address;
  endpoint.active += load_connections(readOrZero<Table::kEndpointLoad>(data_plane, id));
  endpoint.counters +=
      readCounters<Table::kEndpointStats, Table::kEndpointRequests>(data_plane, id);
}

void addNamed(DataPlane& data_plane, const name_key& key, const std::string& text, Collected& all) {
  switch (key.kind) {
    case NAME_BINDING:
      all.services[serviceOf(text)] +=
          readCounters<Table::kServiceStats, Table::kServiceRequests>(data_plane, key.id);
      break;
    case NAME_CLUSTER:
      if (const auto cluster = splitCluster(text))
        all.clusters[*cluster] +=
            readCounters<Table::kClusterStats, Table::kClusterRequests>(data_plane, key.id);
      break;
    case NAME_ENDPOINT:
      addEndpoint(data_plane, key.id, text, all);
      break;
    case NAME_ROUTE:
      all.routes[text] += readOrZero<Table::kRouteOpened>(data_plane, key.id);
      break;
    default:
      break;  // services count through their bindings
  }
}

Traffic listed(Collected all) {
  Traffic traffic;
  for (const auto& [name, counters] : all.services) traffic.services.push_back({name, counters});
  for (const auto& [name, counters] : all.clusters)
    traffic.clusters.push_back({name[0], name[1], name[2], counters});
  for (auto& [name, endpoint] : all.endpoints) traffic.endpoints.push_back(std::move(endpoint));
  for (const auto& [name, opened] : all.routes) traffic.routes.push_back({name, opened});
  return traffic;
}

struct Meaning {
  std::string_view label, text;
};

constexpr Meaning kReasons[] = {
#define REASON(id, label, text) {label, text},
#include "maps/abi/reasons.def"
#undef REASON
};

constexpr Meaning kEndings[] = {
#define ENDING(id, label, text) {label, text},
#include "maps/abi/endings.def"
#undef ENDING
};

/// One count for each meaning, by its place.
template <Table table>
Result<std::vector<ReasonCount>> readCounts(DataPlane& data_plane,
                                            std::span<const Meaning> meanings) {
  std::vector<ReasonCount> counts;
  const maps::View<table> view(data_plane);
  for (const auto& [label, text] : meanings) {
    const auto count = view.get(static_cast<uint32_t>(counts.size()));
    if (!count) return Error(count.error()).in(maps::TableTraits<table>::kName);
    counts.push_back({label, text, *count});
  }
  return counts;
}

}  // namespace

std::optional<ClusterName> splitCluster(std::string_view name) {
  std::array<std::string_view, 4> parts;
  for (size_t i = 0; i < 3; ++i) {
    const auto bar = name.find('|');
    if (bar == std::string_view::npos) return std::nullopt;
    parts[i] = name.substr(0, bar);
    name.remove_prefix(bar + 1);
  }
  return ClusterName{serviceOf(name.substr(0, name.find('@'))), std::string(parts[1]),
                     std::string(parts[2])};
}

Counters& Counters::operator+=(const Counters& other) {
  connections.opened += other.connections.opened;
  connections.established += other.connections.established;
  connections.failed += other.connections.failed;
  connections.closed += other.connections.closed;
  connections.sent_bytes += other.connections.sent_bytes;
  connections.received_bytes += other.connections.received_bytes;
  connections.given_up += other.connections.given_up;
  connections.reset += other.connections.reset;
  requests.requests += other.requests.requests;
  for (size_t i = 0; i < std::size(requests.responses); ++i)
    requests.responses[i] += other.requests.responses[i];
  requests.upstream_connections += other.requests.upstream_connections;
  return *this;
}

Result<Traffic> readTraffic(DataPlane& data_plane) {
  auto names = readNames(data_plane);
  if (!names) return std::move(names).error().in("read the names of the counters");
  Collected all;
  for (const auto& [key, text] : *names) addNamed(data_plane, key, text, all);
  return listed(std::move(all));
}

Result<std::vector<ReasonCount>> readReasons(DataPlane& data_plane) {
  return readCounts<Table::kReasons>(data_plane, kReasons);
}

Result<std::vector<ReasonCount>> readEndings(DataPlane& data_plane) {
  return readCounts<Table::kEndings>(data_plane, kEndings);
}

}  // namespace sluice::observe
