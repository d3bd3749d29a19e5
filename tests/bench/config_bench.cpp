// SPDX-License-Identifier: Apache-2.0
// What configuration costs: a generated mesh is loaded, resolved and turned into the contents of
// the kernel's tables, then single resources change. CPU time of one thread; nothing is written to
// the kernel.
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <functional>

#include "tests/bench/bare_yaml.h"
#include "tests/bench/live_mesh.h"
#include "tests/support/files.h"

namespace sluice::test {
namespace {

constexpr int kChanges = 21;
/// A service that has rules.
constexpr size_t kChanged = 4'321;

/// Tables that forget: what is computed is measured, not how a map of the test stores it.
class ForgetfulDataPlane final : public DataPlane {
 public:
  Result<void> write(Table, Bytes, Bytes) override {
    ++writes;
    return {};
  }
  Result<void> erase(Table, Bytes) override { return {}; }
  Result<void> read(Table, Bytes, std::span<std::byte>) override {
    return Error(Error::Code::kNotFound, "no such key");
  }
  Result<void> visit(Table, const Visitor&) override { return {}; }
  uint32_t capacity(Table) const override { return UINT32_MAX; }
  std::span<std::byte> shared(Table) override { return {}; }

  size_t writes = 0;
};

/// Seconds of CPU that this process has used.
double cpuSeconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

double milliseconds(const std::function<void()>& work) {
  const double start = cpuSeconds();
  work();
  return (cpuSeconds() - start) * 1e3;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

/// A line of /proc/self/status, "VmRSS" or "VmHWM", in MiB.
double memory(const std::string& name) {
  const auto status = readFile("/proc/self/status");
  if (!status) return 0;
  const auto found = status->find(name + ":");
  if (found == std::string::npos) return 0;
  return std::strtod(status->c_str() + found + name.size() + 1, nullptr) / 1024;
}

/// What is allocated, in MiB.
double allocated() {
  const auto info = ::mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd) / (1 << 20);
}

[[noreturn]] void fail(const Error& error) {
  fmt::print(stderr, "config_bench: {}\n", error.message());
  std::exit(1);
}

template <typename T>
T must(Result<T> result) {
  if (!result) fail(result.error());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

class Bench {
 public:
  int run() {
    const double before = allocated();
    const size_t bytes = must(mesh_.write());
    must(mesh_.read());
    fmt::print("{} services, {} endpoints, {} VirtualServices; {:.1f} MB of YAML\n\n",
               size_.services, size_.services * size_.endpoints_per_service, size_.virtual_services,
               static_cast<double>(bytes) / 1e6);
    measureLoad();
    measureFull(before);
    measureChanges();
    printMemory();
    return 0;
  }

 private:
  void measureLoad() {
    const double bare = milliseconds([&] {
      for (const auto& file : mesh_.files()) parseBare(file.text);
    });
    const double load = milliseconds([&] { mesh_.load(); });
    must(mesh_.check());
    fmt::print("bare parse by yaml-cpp      {:9.0f} ms\n", bare);
    fmt::print("load from YAML              {:9.0f} ms   {:.2f} x the bare parse\n", load,
               load / bare);
  }

  void measureFull(double nothing) {
    const double loaded = allocated();
    const double resolve = milliseconds([&] { must(mesh_.resolve()); });
    const double resolved = allocated();
    const double stage = milliseconds([&] { must(mesh_.stage()); });
    fmt::print("full resolve                {:9.0f} ms\n", resolve);
    fmt::print("full contents of the tables {:9.0f} ms   {} writes\n", stage, tables_.writes);
    const double staged = allocated();
    fmt::print("allocated: resources {:.0f}, routing {:.0f}, steering {:.0f} MiB\n\n",
               loaded - nothing, resolved - loaded, staged - resolved);
  }

  void measureChanges() {
    measureChange("one endpoint", &LiveMesh::withOneEndpointLess);
    measureChange("one VirtualService", &LiveMesh::withOtherWeights);
  }

  void measureChange(const char* what, LiveMesh::Change change) {
    std::vector<double> reads, resolves, stages;
    for (int round = 0; round < kChanges; ++round) {
      must((mesh_.*change)(kChanged, round));
      reads.push_back(milliseconds([&] {
        must(mesh_.read());
        mesh_.load();
      }));
      const auto last = steering::routesOf(mesh_.routing());
      resolves.push_back(milliseconds([&] { must(mesh_.resolve()); }));
      if (steering::changedServices(last, mesh_.routing()).size() != 1)
        fail(Error(Error::Code::kInvalid, "the change is none, or one of more than its service"));
      stages.push_back(milliseconds([&] { must(mesh_.stage()); }));
    }
    fmt::print(
        "{:18} changed: {:8.2f} ms to the contents (resolve {:.2f}, contents {:.2f}); "
        "reading the files {:.2f} ms\n",
        what, median(resolves) + median(stages), median(resolves), median(stages), median(reads));
  }

  void printMemory() {
    ::malloc_trim(0);
    fmt::print("\nmemory: {:.0f} MiB at rest, {:.0f} MiB at the peak\n", memory("VmRSS"),
               memory("VmHWM"));
  }

  const MeshSize size_;
  ForgetfulDataPlane tables_;
  LiveMesh mesh_{size_, tables_};
};

}  // namespace
}  // namespace sluice::test

int main() { return sluice::test::Bench().run(); }
