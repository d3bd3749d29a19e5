// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tests/support/lab.h"
#include "userspace/model/address.h"

namespace sluice::test {

/// The shop of the demo and the end-to-end tests. Hosts: `node` (where sluiced runs), `web` (the
/// client, enrolled as default/web), product-api-v1-a, product-api-v1-b, product-api-v2,
/// ratings-v1. Each server runs who-server: HTTP on 8080, TCP echo on 9090.
///
/// Services in namespace default, each with port `http` 80 and port `tcp-echo` 9000 on a cluster
/// IP of each family. Their names resolve on every host, `NAME-v6` to the IPv6 one.
class Topology {
 public:
  /// When it returns, all servers take connections and the registry is in lab().configDirectory().
  static Result<Topology> start();

  const Lab& lab() const { return lab_; }

  /// Puts `examples/EXAMPLE` of the source tree among the rules as the file `name`; what had that
  /// name before is replaced.
  Result<void> apply(const std::string& example, const std::string& name) const;
  /// Puts `text` in the file `name` among the rules.
  Result<void> applyText(const std::string& name, const std::string& text) const;

  static IpAddress productApi4();
  static IpAddress productApi6();
  static IpAddress ratings4();
  static IpAddress ratings6();

 private:
  explicit Topology(Lab lab) : lab_(std::move(lab)) {}
  Result<void> startServers();
  Result<void> addNames();

  Lab lab_;
  std::vector<Process> servers_;
};

/// A server of the topology.
struct Server {
  std::string host;
  std::string app;
  std::string version;
};

const std::vector<Server>& servers();

/// The resources that Kubernetes would tell about the topology, as YAML.
std::string registryYaml(const Lab& lab);

}  // namespace sluice::test
