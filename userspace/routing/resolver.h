// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "userspace/routing/catalog.h"
#include "userspace/routing/client.h"
#include "userspace/routing/dependents.h"
#include "userspace/routing/port_routes.h"
#include "userspace/routing/route_table.h"
#include "userspace/routing/traits.h"
#include "userspace/routing/virtual_hosts.h"

namespace sluice::routing {

/// Keeps a Routing in step with the snapshots: what depends on a change is compiled anew, and
/// nothing else. Successive results share everything that stays as it is, also the objects of
/// routes that were compiled anew and came out the same.
///
/// Used from one thread; what it returns, from any.
class Resolver {
 public:
  /// kNothing compiles everything for every class: slow, and plainly right.
  enum class Share { kWhatIsAlike, kNothing };

  /// For every class of clients among the Workloads, or for `only` and class 0: "namespace/name" of
  /// a Workload or else of a Pod.
  explicit Resolver(std::optional<std::string> only = {}, Share share = Share::kWhatIsAlike)
      : only_(std::move(only)), share_(share) {}
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// Resolves every rule of `snapshot`. Every table has every port of every service, also those
  /// without an address of their own.
  std::shared_ptr<const Routing> update(std::shared_ptr<const Snapshot> snapshot);

 private:
  using Route = std::shared_ptr<const ServiceRoute>;
  using Groups = std::map<ClientClass, ClientGroup>;

  /// What one class of clients sees.
  struct View {
    View(const Client& who, const Catalog& catalog)
        : client(who), names(catalog.virtual_services, who.namespace_) {}
    Client client;
    RouteTable table;
    HostBook names;
    std::set<std::string> ranged;  ///< hosts whose service has ranges
    bool ranges_changed = true;
    PortSources sources;
  };

  /// A view that has a unit as it was compiled for its client, and for whom else that holds.
  struct Precedent {
    const View* view;
    JointTraits traits;
  };

  Dependents::Units start(const Snapshot& snapshot);
  Dependents::Units follow(const Snapshot& before, const Snapshot& after);
  Dependents::Units everyUnit() const;
  bool isThere(const Unit& unit) const;

  /// The classes that there shall be; those that are new have no view yet.
  Groups regroup(const Snapshot& snapshot);
  std::map<std::string, Client> clientsOf(const Snapshot& snapshot) const;
  static ClientClass add(const ClientGroup& group, Groups& groups);
  void dropViews(const Groups& groups);
  void addViews(const Groups& groups);
  bool hostDecides() const;

  void compile(const Dependents::Units& units);
  void compile(const Dependents::Units& units, Unit::Kind kind);
  Reads compile(const Unit& unit, const std::vector<View*>& views);
  JointTraits compile(const Unit& unit, View& view, Reads& reads);
  const View* alike(const Unit& unit, const std::vector<Precedent>& precedents,
                    const View& view) const;
  void share(const Unit& unit, const View& from, View& to) const;
  void shareService(const std::string& host, const View& from, View& to) const;
  void noteTraits(const Unit& unit, JointTraits traits);
  void compileService(const std::string& host, View& view, Lookups& lookups);
  void compileNames(const std::string& virtual_service, View& view, Lookups& lookups);
  PortRoutes routesOf(const std::string& host, const View& view, Lookups& lookups) const;
  static void noteRanges(const std::string& host, bool ranged, View& view);
  void noteRules();
  Dependents::Units takeChangedOwners();
  static void noteHidden(const std::string& host, const PortRoutes& routes, View& view);
  void finish(View& view);
  std::shared_ptr<const Routing> publish(const Snapshot& snapshot);

  std::optional<std::string> only_;
  Share share_;
  std::shared_ptr<const Snapshot> snapshot_;  ///< the last; null before the first
  std::unique_ptr<Catalog> catalog_;
  Dependents dependents_;
  /// On which what class 0 has of a unit depends; of units that there are, where there are some.
  std::map<Unit, JointTraits> traits_;
  Groups groups_;
  bool groups_changed_ = false;
  std::map<ClientClass, View> views_;
  std::map<std::string, ClientClass> workload_class_;
  std::shared_ptr<const Routing> published_;  ///< null before the first
};

}  // namespace sluice::routing
