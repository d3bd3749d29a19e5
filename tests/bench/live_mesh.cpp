// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/live_mesh.h"

#include <cstdlib>

#include "userspace/routing/hold_back.h"
#include "userspace/source/directory.h"

namespace sluice::test {
namespace {

/// A directory of its own, gone at the end.
class Directory {
 public:
  static Result<Directory> make() {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-mesh-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) return Error::system("make a directory");
    return Directory(name);
  }
  Directory(Directory&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Directory& operator=(Directory&&) = delete;
  ~Directory() {
    if (!path_.empty()) std::filesystem::remove_all(path_);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  explicit Directory(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

/// In a file that comes before the generated ones, so that this is the definition that counts.
std::vector<source::SourceFile> with(std::vector<source::SourceFile> files, std::string document) {
  const auto directory = std::filesystem::path(files.front().name).parent_path();
  files.push_back({(directory / "0-changed.yaml").string(), std::move(document), {}});
  return files;
}

}  // namespace

Result<std::vector<source::SourceFile>> LiveMesh::files() const {
  auto directory = Directory::make();
  if (!directory) return std::move(directory).error();
  auto written = mesh_.write(directory->path());
  if (!written) return std::move(written).error();
  return source::readDirectory(directory->path().string());
}

Result<void> LiveMesh::check() const {
  for (const auto& diagnostic : store_.diagnostics())
    if (diagnostic.level == Diagnostic::Level::kError)
      return Error(Error::Code::kInvalid, diagnostic.position.text() + ": " + diagnostic.message);
  return {};
}

/// As the agent does it.
Result<void> LiveMesh::resolve() {
  auto admitted = admission_.update(store_.snapshot());
  if (!admitted.held.empty()) return Error(Error::Code::kInvalid, admitted.held.front().why);
  auto consistent = routing::holdBack(std::move(admitted.snapshot), *in_force_);
  if (!consistent.held.empty()) return Error(Error::Code::kInvalid, consistent.held.front().why);
  routing_ = resolver_.update(consistent.snapshot);
  in_force_ = std::move(consistent.snapshot);
  return {};
}

Result<void> LiveMesh::stage() {
  if (!steering_) {
    auto created = steering::Steering::create(tables_, clock_);
    if (!created) return std::move(created).error();
    steering_ = *std::move(created);
  }
  auto refused = steering_->stage(*routing_);
  if (!refused) return std::move(refused).error();
  if (!refused->empty()) return Error(refused->front().error).in(refused->front().service);
  return steering_->publish();
}

std::vector<source::SourceFile> LiveMesh::withOneEndpointLess(std::vector<source::SourceFile> files,
                                                              size_t index, int round) const {
  const auto left = size_.endpoints_per_service - static_cast<size_t>(1 + round % 2);
  return with(std::move(files), mesh_.slice(index, left));
}

std::vector<source::SourceFile> LiveMesh::withOtherWeights(std::vector<source::SourceFile> files,
                                                           size_t index, int round) const {
  return with(std::move(files), mesh_.virtualService(index, 89 - round % 2));
}

}  // namespace sluice::test
