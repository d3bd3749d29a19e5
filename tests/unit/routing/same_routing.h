// SPDX-License-Identifier: Apache-2.0
// Where two Routings differ, by content.
#pragma once

#include <iterator>
#include <string>

#include "userspace/routing/route_table.h"

namespace sluice::test {

using routing::RouteTable;
using routing::Routing;

/// The first difference in words; empty when there is none. Revisions do not count.
class RoutingDifference {
 public:
  static std::string between(const Routing& a, const Routing& b) {
    if (a.agent != b.agent) return "agent";
    if (a.workload_class != b.workload_class) return "classes of workloads";
    if (a.tables.size() != b.tables.size()) return "number of classes";
    for (const auto& [number, table] : a.tables) {
      const auto other = b.tables.find(number);
      if (other == b.tables.end()) return "class " + table.class_name;
      const auto found = between(table, other->second);
      if (!found.empty()) return "class '" + table.class_name + "': " + found;
    }
    return "";
  }

 private:
  static std::string between(const RouteTable& a, const RouteTable& b) {
    if (a.client_class != b.client_class || a.class_name != b.class_name) return "its name";
    if (a.outbound_mode != b.outbound_mode) return "outbound mode";
    if (a.aliases != b.aliases) return "aliases";
    for (const auto& found : {betweenServices(a, b), betweenHosts(a, b), betweenRanges(a, b)})
      if (!found.empty()) return found;
    return "";
  }

  static std::string betweenServices(const RouteTable& a, const RouteTable& b) {
    if (a.services.size() != b.services.size()) return "number of services";
    auto other = b.services.begin();
    for (const auto& [key, route] : a.services) {
      if (key != other->first) return "service " + key.text();
      if (*route != *other->second) return "route of " + key.text();
      ++other;
    }
    return "";
  }

  static std::string betweenHosts(const RouteTable& a, const RouteTable& b) {
    if (a.virtual_hosts.size() != b.virtual_hosts.size()) return "ports of virtual hosts";
    for (const auto& [port, hosts] : a.virtual_hosts) {
      const auto other = b.virtual_hosts.find(port);
      if (other == b.virtual_hosts.end()) return "virtual hosts of port " + std::to_string(port);
      for (const auto& found : {betweenNames(hosts.exact, other->second.exact),
                                betweenNames(hosts.wildcards, other->second.wildcards)})
        if (!found.empty()) return found + " on port " + std::to_string(port);
    }
    return "";
  }

  using Names = routing::VirtualHosts::Routes;
  static std::string betweenNames(const Names& a, const Names& b) {
    auto other = b.begin();
    for (const auto& [name, route] : a) {
      if (other == b.end() || name < other->first) return "name " + name + " too many";
      if (name != other->first) return "name " + other->first + " missing";
      if (*route != *other->second) return "route of name " + name;
      ++other;
    }
    return other == b.end() ? "" : "name " + other->first + " missing";
  }

  static std::string betweenRanges(const RouteTable& a, const RouteTable& b) {
    if (a.ranges.size() != b.ranges.size()) return "number of ranges";
    for (size_t i = 0; i < a.ranges.size(); ++i) {
      const auto& x = a.ranges[i];
      const auto& y = b.ranges[i];
      if (x.subnet != y.subnet || x.port != y.port || x.sni_hosts != y.sni_hosts ||
          *x.route != *y.route)
        return "range " + x.subnet.text();
    }
    return "";
  }
};

}  // namespace sluice::test
