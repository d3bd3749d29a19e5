// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/route_table.h"

#include <algorithm>
#include <charconv>

#include "userspace/routing/names.h"

namespace sluice::routing {
namespace {

bool sameCluster(const std::shared_ptr<const Cluster>& a, const std::shared_ptr<const Cluster>& b) {
  return a == b || (a && b && *a == *b);
}

bool coversEveryPath(const StringMatch& uri) {
  if (uri.kind == StringMatch::Kind::kPrefix) return uri.value.empty() || uri.value == "/";
  return uri.kind == StringMatch::Kind::kRegex && uri.value == ".*";
}

/// Endpoints, but none that a socket of `family` can be connected to.
bool onlyOtherFamily(const Cluster& cluster, Family family) {
  return !cluster.endpoints.empty() &&
         std::none_of(cluster.endpoints.begin(), cluster.endpoints.end(),
                      [&](const auto& e) { return familyOf(e.address.ip) == family; });
}

/// `ip` with every bit behind the first `bits` zero.
IpAddress clearedBehind(IpAddress ip, unsigned bits) {
  for (unsigned i = bits; i < 128; ++i)
    ip.bytes[i / 8] = static_cast<uint8_t>(ip.bytes[i / 8] & ~(0x80U >> (i % 8)));
  return ip;
}

}  // namespace

std::string ClusterKey::text() const {
  return "outbound|" + std::to_string(port) + "|" + subset + "|" + host;
}

bool operator==(const WeightedCluster& a, const WeightedCluster& b) {
  return a.key == b.key && a.weight == b.weight && a.headers == b.headers &&
         a.missing == b.missing && a.port_named == b.port_named &&
         sameCluster(a.cluster, b.cluster);
}

const ConsistentHash* WeightedCluster::hashKey() const {
  if (!cluster) return nullptr;
  const auto& hashed = port_named ? cluster->hash->with_port : cluster->hash->without_port;
  return hashed ? &*hashed : nullptr;
}

bool RequestMatch::matchesEverything() const {
  return !scheme && !method && !authority && headers.empty() && without_headers.empty() &&
         query_params.empty() && (!uri || coversEveryPath(*uri));
}

const char* pathName(Path path) {
  switch (path) {
    case Path::kConnect:
      return "connect";
    case Path::kProxy:
      return "proxy";
    case Path::kPassthrough:
      return "passthrough";
  }
  return "";
}

Result<Subnet> Subnet::parse(std::string_view text) {
  const auto wrong = [&] {
    return Error(Error::Code::kInvalid, "\"" + std::string(text) + "\" is no address range",
                 "write it as 10.0.0.0/8");
  };
  const auto slash = text.find('/');
  auto ip = IpAddress::parse(text.substr(0, slash));
  if (!ip.ok()) return wrong();
  const unsigned width = ip->isV4() ? 32 : 128;
  unsigned bits = width;
  if (slash != std::string_view::npos) {
    const auto* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data() + slash + 1, end, bits);
    if (parsed.ec != std::errc() || parsed.ptr != end || bits > width) return wrong();
  }
  return Subnet{clearedBehind(*ip, 128 - width + bits), static_cast<uint8_t>(128 - width + bits)};
}

std::string Subnet::text() const {
  const unsigned fixed = base.isV4() && prefix_bits >= 96 ? 96 : 0;
  return base.text() + "/" + std::to_string(prefix_bits - fixed);
}

bool Subnet::contains(const IpAddress& ip) const {
  const size_t whole = prefix_bits / 8;
  if (!std::equal(base.bytes.begin(), base.bytes.begin() + whole, ip.bytes.begin())) return false;
  const auto rest = static_cast<unsigned>(prefix_bits % 8);
  if (rest == 0) return true;
  const auto mask = static_cast<uint8_t>(0xFFU << (8 - rest));
  return (base.bytes[whole] & mask) == (ip.bytes[whole] & mask);
}

const std::shared_ptr<const ServiceRoute>* VirtualHosts::find(std::string_view authority) const {
  const auto host = toLower(withoutPort(authority));
  if (const auto* found = exact.get(host)) return found;
  if (wildcards.empty()) return nullptr;
  // The star stands for at least one character.
  for (size_t from = 1; from <= host.size(); ++from)
    if (const auto* found = wildcards.get("*" + host.substr(from))) return found;
  return nullptr;
}

ServiceRoutes::const_iterator::value_type ServiceRoutes::const_iterator::operator*() const {
  return {common_->first, isOwn() ? own_->second : common_->second};
}

ServiceRoutes::const_iterator& ServiceRoutes::const_iterator::operator++() {
  if (isOwn()) ++own_;
  ++common_;
  return *this;
}

ServiceRoutes::const_iterator ServiceRoutes::lower_bound(const ServiceKey& key) const {
  return {common_.lower_bound(key), own_.lower_bound(key), own_.end()};
}

const ServiceRoutes::Route* ServiceRoutes::find(const ServiceKey& key) const {
  const auto* own = own_.get(key);
  return own ? own : common_.get(key);
}

const std::vector<WeightedCluster>& ServiceRoute::connectDestinations() const {
  return l4_rules.empty() ? rules->front().destinations : l4_rules.front().destinations;
}

Path ServiceRoute::pathFor(Family family) const {
  if (path != Path::kConnect) return path;
  for (const auto& destination : connectDestinations())
    if (destination.cluster && onlyOtherFamily(*destination.cluster, family)) return Path::kProxy;
  return path;
}

bool ServiceRoute::needsOrigin() const {
  const auto keeps_address = [](const WeightedCluster& destination) {
    return destination.cluster && destination.cluster->passthrough;
  };
  const auto any_keeps = [&](const auto& rule) {
    return std::ranges::any_of(rule.destinations, keeps_address);
  };
  return whole_port || (plain && plain->passthrough) || std::ranges::any_of(*rules, any_keeps) ||
         std::ranges::any_of(
             l4_rules, [&](const auto& rule) { return !rule.subnets.empty() || any_keeps(rule); });
}

bool operator==(const ServiceRoute& a, const ServiceRoute& b) {
  return a.service == b.service && a.service_namespace == b.service_namespace &&
         a.service_name == b.service_name && a.protocol == b.protocol && a.vips == b.vips &&
         a.virtual_service == b.virtual_service && a.rules == b.rules && a.l4_rules == b.l4_rules &&
         sameCluster(a.plain, b.plain) && a.whole_port == b.whole_port && a.path == b.path &&
         a.drain == b.drain && a.rebalance == b.rebalance && a.reasons == b.reasons &&
         a.skipped == b.skipped && a.losers == b.losers;
}

}  // namespace sluice::routing
