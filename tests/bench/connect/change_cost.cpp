// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/connect/change_cost.h"

#include <chrono>
#include <memory>
#include <utility>

#include "loader/kernel.h"
#include "tests/bench/live_mesh.h"

namespace sluice::test {
namespace {

using Clock = std::chrono::steady_clock;

/// From the files as they are to the tables.
Result<void> bring(LiveMesh& mesh) {
  SLUICE_TRY(mesh.read());
  mesh.load();
  SLUICE_TRY(mesh.resolve());
  return mesh.stage();
}

/// Each time another service; the change before, which is not measured, undoes the last one.
Result<std::vector<double>> changeMany(LiveMesh& mesh, LiveMesh::Change change,
                                       const MeshSize& size, int changes) {
  constexpr size_t kStep = 7919;  // a prime: no two in a row are neighbours
  std::vector<double> took;
  for (int round = 0; round < changes; ++round) {
    const size_t service = static_cast<size_t>(round) * kStep % size.virtual_services;
    SLUICE_TRY((mesh.*change)(service, 0));
    SLUICE_TRY(bring(mesh));
    SLUICE_TRY((mesh.*change)(service, 1));
    const auto start = Clock::now();
    SLUICE_TRY(bring(mesh));
    took.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  return took;
}

Result<ChangeCost> measure(loader::Kernel& kernel, const MeshSize& size, int changes) {
  LiveMesh mesh(size, kernel.dataPlane());
  const auto written = mesh.write();
  if (!written) return written.error();
  SLUICE_TRY(bring(mesh));
  SLUICE_TRY(mesh.check());
  auto endpoint = changeMany(mesh, &LiveMesh::withOneEndpointLess, size, changes);
  if (!endpoint) return std::move(endpoint).error();
  auto rule = changeMany(mesh, &LiveMesh::withOtherWeights, size, changes);
  if (!rule) return std::move(rule).error();
  return ChangeCost{*std::move(endpoint), *std::move(rule)};
}

}  // namespace

Result<ChangeCost> changeCost(const std::filesystem::path& pins, const MeshSize& size,
                              int changes) {
  auto kernel = loader::Kernel::load({.pin_root = pins});
  if (!kernel) return std::move(kernel).error();
  auto cost = measure(**kernel, size, changes);
  kernel->reset();
  SLUICE_TRY(loader::Kernel::uninstall(pins));
  return cost;
}

}  // namespace sluice::test
