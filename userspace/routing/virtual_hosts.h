// SPDX-License-Identifier: Apache-2.0
// httpMode istio: what the Host header means to one class of clients on each port that some service
// which they see declares as HTTP.
//
// Istio, BuildSidecarOutboundVirtualHosts: VirtualServices in their order, each with the hosts that
// are no service (on port 80, and where the VirtualService is about a service of the port, too) and
// with the services that it owns; then all other services. The first that takes a name has it.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "userspace/routing/dependents.h"
#include "userspace/routing/lookups.h"

namespace sluice::routing {

/// What one unit says of names.
struct HostClaims {
  struct Claim {
    uint16_t port = 0;
    std::string name;  ///< in lower case, perhaps a wildcard
    std::shared_ptr<const ServiceRoute> route;
  };
  std::vector<Claim> claims;
  std::set<uint16_t> declared;  ///< ports that the service declares as HTTP
  bool is_listed = false;       ///< the routes are those that the table has of a service
};

using PortRoutes = std::map<uint16_t, std::shared_ptr<const ServiceRoute>>;

/// Every spelling of `service`, which `client` sees, on those of its ports that may carry HTTP. An
/// alias has no `routes`, and claims names only where a rule names it.
HostClaims claimsOf(Lookups& lookups, const RegistryService& service, const PortRoutes& routes,
                    const Client& client);

/// The hosts of the VirtualService that are no service: on port 80, on `owned`, the ports where it
/// decides for some service, and on those of the services that it names.
HostClaims claimsOf(Lookups& lookups, const MeshVirtualService& service,
                    const std::set<uint16_t>& owned, const Client& client);

/// Decides who of those that claim a name has it, as units come, change and go.
class HostBook {
 public:
  /// `services` must outlive it; `client_namespace` says how the clients see them.
  HostBook(const VirtualServices& services, std::string client_namespace)
      : services_(&services), client_namespace_(std::move(client_namespace)) {}

  /// Takes the place of what the unit has said before. The VirtualServices have followed already.
  void set(const Unit& unit, HostClaims claims);

  /// What the unit says; nothing when it says nothing.
  HostClaims claimsOf(const Unit& unit) const;

  /// Ports on which the VirtualService decides for some service.
  std::set<uint16_t> portsOwnedBy(const std::string& virtual_service) const;
  /// VirtualServices whose ports, as above, are others since the last call.
  std::set<std::string> takeChangedOwners() { return std::exchange(changed_owners_, {}); }

  /// Of the ports that somebody declares.
  std::map<uint16_t, VirtualHosts> hosts() const;
  /// Those of them that lead to no service of the table: to hosts of VirtualServices that are none,
  /// and to aliases that rules are about.
  std::vector<HostClaims::Claim> foreign() const;

 private:
  using Route = std::shared_ptr<const ServiceRoute>;
  using Claim = HostClaims::Claim;
  using Name = std::pair<uint16_t, std::string>;
  struct Contender {
    Unit unit;
    Route route;
  };

  void withdraw(const Unit& unit, const HostClaims& claims);
  void enter(const Unit& unit, const HostClaims& claims);
  void withdraw(const Unit& unit, const Claim& claim);
  void enter(const Unit& unit, const Claim& claim);
  void countOwner(const Unit& unit, const HostClaims& claims, int by);
  void decide(const Name& name);
  bool isBefore(const Contender& a, const Contender& b) const;
  VirtualHosts::Routes& routesFor(const Claim& claim);
  bool holds(const Claim& claim) const;

  const VirtualServices* services_;
  std::string client_namespace_;
  std::map<Unit, HostClaims> claims_;
  std::set<Unit> unlisted_;                 ///< whose claims are such as foreign() says
  std::map<uint16_t, VirtualHosts> hosts_;  ///< all ports
  std::map<uint16_t, int> declared_;        ///< by how many
  std::map<Name, std::vector<Contender>> contested_;
  /// VirtualService -> port -> for how many units it decides there.
  std::unordered_map<std::string, std::map<uint16_t, int>> owners_;
  std::set<std::string> changed_owners_;
};

}  // namespace sluice::routing
