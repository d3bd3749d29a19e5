// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/live_mesh.h"

#include <cstdlib>

#include "tests/support/files.h"

namespace sluice::test {

Result<ScratchDirectory> ScratchDirectory::make() {
  std::string name = (std::filesystem::temp_directory_path() / "sluice-mesh-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) return Error::system("make a directory");
  return ScratchDirectory(name);
}

ScratchDirectory::~ScratchDirectory() {
  if (!path_.empty()) std::filesystem::remove_all(path_);
}

Result<size_t> LiveMesh::write() {
  auto directory = ScratchDirectory::make();
  if (!directory) return std::move(directory).error();
  directory_.emplace(*std::move(directory));
  reader_.emplace(directory_->path().string(), Duration::zero());  // files are replaced
  return mesh_.write(directory_->path());
}

Result<void> LiveMesh::read() {
  auto files = reader_->read();
  if (!files) return std::move(files).error();
  files_ = *std::move(files);
  return {};
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
  auto consistent = hold_back_.update(std::move(admitted.snapshot), in_force_);
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

/// In a file that comes before the generated ones, so that this is the definition that counts.
Result<void> LiveMesh::change(std::string_view document) {
  return replaceFile(directory_->path() / "0-changed.yaml", document);
}

Result<void> LiveMesh::withOneEndpointLess(size_t index, int round) {
  return change(
      mesh_.slice(index, size_.endpoints_per_service - static_cast<size_t>(1 + round % 2)));
}

Result<void> LiveMesh::withOtherWeights(size_t index, int round) {
  return change(mesh_.virtualService(index, 89 - round % 2));
}

}  // namespace sluice::test
