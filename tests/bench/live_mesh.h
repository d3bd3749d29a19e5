// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/mesh.h"
#include "userspace/base/clock.h"
#include "userspace/model/data_plane.h"
#include "userspace/routing/admission.h"
#include "userspace/routing/resolver.h"
#include "userspace/source/resource_store.h"
#include "userspace/steering/steering.h"

namespace sluice::test {

/// A generated mesh and everything that the agent makes of it, step by step, up to the contents of
/// the tables.
class LiveMesh {
 public:
  /// Borrows the tables.
  LiveMesh(const MeshSize& size, DataPlane& tables) : size_(size), tables_(tables) {}

  /// What the generated files say; they do not stay on the disk.
  Result<std::vector<source::SourceFile>> files() const;

  /// The steps. What is held back or refused is an error.
  void load(const std::vector<source::SourceFile>& files) { store_.update(files); }
  Result<void> resolve();
  Result<void> stage();

  /// The first thing that is wrong with what was loaded, if any.
  Result<void> check() const;

  const routing::Routing& routing() const { return *routing_; }

  /// `files` with one more, whose document counts instead of the generated one. Of service
  /// `index`; the document is another one in each of two successive rounds.
  std::vector<source::SourceFile> withOneEndpointLess(std::vector<source::SourceFile> files,
                                                      size_t index, int round) const;
  std::vector<source::SourceFile> withOtherWeights(std::vector<source::SourceFile> files,
                                                   size_t index, int round) const;
  using Change = decltype(&LiveMesh::withOtherWeights);

 private:
  const MeshSize size_;
  const Mesh mesh_{size_};
  DataPlane& tables_;
  SteadyClock clock_;
  source::ResourceStore store_;
  routing::Admission admission_;
  routing::Resolver resolver_;
  std::shared_ptr<const Snapshot> in_force_ = std::make_shared<const Snapshot>();
  std::shared_ptr<const routing::Routing> routing_;
  std::unique_ptr<steering::Steering> steering_;
};

}  // namespace sluice::test
