// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/bench/mesh.h"
#include "userspace/base/clock.h"
#include "userspace/model/data_plane.h"
#include "userspace/routing/admission.h"
#include "userspace/routing/hold_back.h"
#include "userspace/routing/resolver.h"
#include "userspace/source/directory.h"
#include "userspace/source/resource_store.h"
#include "userspace/steering/steering.h"

namespace sluice::test {

/// A directory of its own, gone at the end.
class ScratchDirectory {
 public:
  static Result<ScratchDirectory> make();
  ScratchDirectory(ScratchDirectory&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ScratchDirectory& operator=(ScratchDirectory&&) = delete;
  ~ScratchDirectory();
  const std::filesystem::path& path() const { return path_; }

 private:
  explicit ScratchDirectory(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

/// A generated mesh and everything that the agent makes of it, step by step, up to the contents of
/// the tables.
class LiveMesh {
 public:
  /// Borrows the tables.
  LiveMesh(const MeshSize& size, DataPlane& tables) : size_(size), tables_(tables) {}

  /// Makes a directory of its own with the generated files in it. Bytes that were written.
  Result<size_t> write();

  /// The steps. What is held back or refused is an error.
  Result<void> read();
  void load() { store_.update(std::exchange(files_, {})); }
  Result<void> resolve();
  Result<void> stage();

  /// What was read and is not loaded yet.
  const std::vector<source::SourceFile>& files() const { return files_; }

  /// The first thing that is wrong with what was loaded, if any.
  Result<void> check() const;

  const routing::Routing& routing() const { return *routing_; }

  /// Write one file more, whose document counts instead of the generated one. Of service `index`;
  /// the document is another one in each of two successive rounds.
  Result<void> withOneEndpointLess(size_t index, int round);
  Result<void> withOtherWeights(size_t index, int round);
  using Change = decltype(&LiveMesh::withOtherWeights);

 private:
  Result<void> change(std::string_view document);

  const MeshSize size_;
  const Mesh mesh_{size_};
  DataPlane& tables_;
  SteadyClock clock_;
  std::optional<ScratchDirectory> directory_;
  std::optional<source::DirectoryReader> reader_;
  std::vector<source::SourceFile> files_;
  source::ResourceStore store_;
  routing::Admission admission_;
  routing::HoldBack hold_back_;
  routing::Resolver resolver_;
  std::shared_ptr<const Snapshot> in_force_ = std::make_shared<const Snapshot>();
  std::shared_ptr<const routing::Routing> routing_;
  std::unique_ptr<steering::Steering> steering_;
};

}  // namespace sluice::test
