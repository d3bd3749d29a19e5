// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/cases/runner/case.h"
#include "userspace/model/address.h"

namespace sluice::test {

using Addresses = std::set<SocketAddress>;
using Labels = std::map<std::string, std::string>;

/// Somebody who serves a port of a host.
struct Backend {
  std::string host;       ///< FQDN, or as a ServiceEntry names it
  uint16_t port = 0;      ///< of the service
  SocketAddress address;  ///< where it listens
  Labels labels;          ///< with those of its node
};

/// What a registry and the rules of one scenario say about names and addresses; made without any
/// code that is under test.
class World {
 public:
  static Result<World> load(const std::filesystem::path& registry,
                            const std::filesystem::path& rules);

  /// What a program in `client_namespace` reaches when it calls "host:port" or "ip:port".
  Result<SocketAddress> resolve(const std::string& to, const std::string& client_namespace) const;

  /// Who serves `port` of `host`; of one subset alone unless it is empty. A subset that several
  /// DestinationRules define means all that any of them means.
  Addresses backendsOf(const std::string& host, uint16_t port, const std::string& subset) const;
  /// All of one host, whatever the port.
  Addresses backendsOf(const std::string& host) const;
  /// Whatever any DestinationRule calls by that name.
  Addresses subset(const std::string& name) const;
  const std::vector<Backend>& backends() const { return backends_; }

  /// The pod of that name; null when there is none.
  const nlohmann::json* pod(const std::string& name) const;

  /// The shortest delay of a fault in the rules.
  std::optional<std::chrono::milliseconds> faultDelay() const;

 private:
  using Documents = std::vector<nlohmann::json>;

  void readServices();
  void addSlice(const nlohmann::json& service, const nlohmann::json& slice);
  void readEntries();
  void addEntryPort(const nlohmann::json& entry, const nlohmann::json& port);
  std::vector<nlohmann::json> entryEndpoints(const nlohmann::json& entry) const;
  Labels nodeLabels(const std::string& node) const;
  Labels podLabels(const nlohmann::json& pod) const;
  Labels labelsOf(const nlohmann::json& slice_endpoint) const;
  Addresses subset(const std::string& name, const std::string& host) const;
  std::optional<std::string> addressOfName(const std::string& name) const;

  Documents documents_;
  std::vector<Backend> backends_;
};

/// "catalog.shop.svc.cluster.local" of the host that a rule in `rule_namespace` writes.
std::string fullName(const std::string& host, const std::string& rule_namespace);

}  // namespace sluice::test
