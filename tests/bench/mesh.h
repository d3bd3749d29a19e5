// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>

#include "userspace/base/result.h"

namespace sluice::test {

/// How large a generated mesh is.
struct MeshSize {
  size_t namespaces = 100;
  size_t services = 10'000;           ///< in all namespaces together
  size_t endpoints_per_service = 10;  ///< half of them v1, half v2
  size_t virtual_services = 5'000;    ///< of the first services, with a DestinationRule each
};

/// Where the mesh's only client runs.
struct MeshClient {
  std::string cgroup = "/bench";
  std::string network_namespace = "/run/netns/bench";
};

/// A mesh as a directory of YAML: Namespaces, Nodes, Services, Pods, EndpointSlices,
/// DestinationRules with subsets v1 and v2, and VirtualServices with a header rule and a weighted
/// one. The same size gives the same bytes.
class Mesh {
 public:
  explicit Mesh(MeshSize size, MeshClient client = {}) : size_(size), client_(std::move(client)) {}

  /// Bytes that were written.
  Result<size_t> write(const std::filesystem::path& directory) const;

  /// What the documents of service `index` say, to be changed in place.
  std::string slice(size_t index, size_t endpoints) const;
  std::string virtualService(size_t index, int weight) const;

  /// Of the file that has service `index` with its pods and slice, or its rules.
  static std::string registryFile(size_t index);
  static std::string rulesFile(size_t index);

  /// The cluster IP of service `index`, which has port 80, and the address of the endpoint `number`
  /// of all, which has port 8080; those of service n begin at n * endpoints_per_service.
  static std::string serviceAddress(size_t index);
  static std::string endpointAddress(size_t number);

 private:
  std::string registry(size_t index) const;
  std::string rules(size_t index) const;
  std::string surroundings() const;
  std::string namespaceOf(size_t index) const;

  MeshSize size_;
  MeshClient client_;
};

}  // namespace sluice::test
