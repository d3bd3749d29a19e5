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

#include "maps/tables.hpp"
#include "tests/bench/bare_yaml.h"
#include "tests/bench/mesh.h"
#include "tests/support/files.h"
#include "userspace/routing/admission.h"
#include "userspace/routing/hold_back.h"
#include "userspace/routing/resolver.h"
#include "userspace/source/directory.h"
#include "userspace/source/resource_store.h"
#include "userspace/steering/steering.h"

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
  return *std::move(result);
}

/// A directory of its own, gone at the end.
class Directory {
 public:
  Directory() {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-mesh-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) fail(Error::system("make a directory"));
    path_ = name;
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() { std::filesystem::remove_all(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class Bench {
 public:
  int run() {
    const double before = allocated();
    const auto bytes = must(mesh_.write(directory_.path()));
    auto files = must(source::readDirectory(directory_.path().string()));
    fmt::print("{} services, {} endpoints, {} VirtualServices; {:.1f} MB of YAML\n\n",
               size_.services, size_.services * size_.endpoints_per_service, size_.virtual_services,
               static_cast<double>(bytes) / 1e6);
    measureLoad(files);
    files_ = std::move(files);
    measureFull(before);
    measureChanges();
    printMemory();
    return 0;
  }

 private:
  void measureLoad(const std::vector<source::SourceFile>& files) {
    const double bare = milliseconds([&] {
      for (const auto& file : files) parseBare(file.text);
    });
    const double load = milliseconds([&] { store_.update(files); });
    for (const auto& diagnostic : store_.diagnostics())
      if (diagnostic.level == Diagnostic::Level::kError)
        fail(Error(Error::Code::kInvalid, diagnostic.position.text() + ": " + diagnostic.message));
    fmt::print("bare parse by yaml-cpp      {:9.0f} ms\n", bare);
    fmt::print("load from YAML              {:9.0f} ms   {:.2f} x the bare parse\n", load,
               load / bare);
  }

  void measureFull(double nothing) {
    size_t text = 0;
    for (const auto& file : files_) text += file.text.capacity();
    const double loaded = allocated() - static_cast<double>(text) / (1 << 20);
    const double resolve = milliseconds([&] { this->resolve(); });
    const double resolved = allocated() - static_cast<double>(text) / (1 << 20);
    steering_ = must(steering::Steering::create(tables_, clock_));
    const double stage = milliseconds([&] { this->stage(); });
    fmt::print("full resolve                {:9.0f} ms\n", resolve);
    fmt::print("full contents of the tables {:9.0f} ms   {} writes\n", stage, tables_.writes);
    const double staged = allocated() - static_cast<double>(text) / (1 << 20);
    fmt::print("allocated: resources {:.0f}, routing {:.0f}, steering {:.0f} MiB\n\n",
               loaded - nothing, resolved - loaded, staged - resolved);
  }

  /// As the agent does it.
  void resolve() {
    auto admitted = admission_.update(store_.snapshot());
    if (!admitted.held.empty()) fail(Error(Error::Code::kInvalid, admitted.held.front().why));
    auto consistent = routing::holdBack(std::move(admitted.snapshot), *in_force_);
    if (!consistent.held.empty()) fail(Error(Error::Code::kInvalid, consistent.held.front().why));
    routing_ = resolver_.update(consistent.snapshot);
    in_force_ = std::move(consistent.snapshot);
  }

  void stage() {
    const auto refused = must(steering_->stage(*routing_));
    if (!refused.empty()) fail(Error(refused.front().error).in(refused.front().service));
    if (auto published = steering_->publish(); !published) fail(published.error());
  }

  /// One more file, whose document counts instead of the generated one. Every round is a change.
  void measureChanges() {
    measureChange("one endpoint", [this](int round) {
      return mesh_.slice(kChanged,
                         size_.endpoints_per_service - static_cast<size_t>(1 + round % 2));
    });
    measureChange("one VirtualService",
                  [this](int round) { return mesh_.virtualService(kChanged, 89 - round % 2); });
  }

  void measureChange(const char* what, const std::function<std::string(int)>& document) {
    std::vector<double> reads, resolves, stages;
    for (int round = 0; round < kChanges; ++round) {
      // Comes before the generated files, so that this is the definition that counts.
      auto files = files_;
      files.push_back({(directory_.path() / "0-changed.yaml").string(), document(round), {}});
      reads.push_back(milliseconds([&] { store_.update(files); }));
      const auto last = steering::routesOf(*routing_);
      resolves.push_back(milliseconds([&] { resolve(); }));
      if (steering::changedServices(last, *routing_).size() != 1)
        fail(Error(Error::Code::kInvalid, "the change is none, or one of more than its service"));
      stages.push_back(milliseconds([&] { stage(); }));
    }
    fmt::print(
        "{:18} changed: {:8.2f} ms to the contents (resolve {:.2f}, contents {:.2f}); "
        "reading the file {:.2f} ms\n",
        what, median(resolves) + median(stages), median(resolves), median(stages), median(reads));
  }

  void printMemory() {
    files_.clear();
    files_.shrink_to_fit();
    ::malloc_trim(0);
    fmt::print("\nmemory: {:.0f} MiB at rest, {:.0f} MiB at the peak\n", memory("VmRSS"),
               memory("VmHWM"));
  }

  const MeshSize size_;
  const Mesh mesh_{size_};
  const Directory directory_;
  SteadyClock clock_;
  ForgetfulDataPlane tables_;
  source::ResourceStore store_;
  routing::Admission admission_;
  routing::Resolver resolver_;
  std::shared_ptr<const Snapshot> in_force_ = std::make_shared<const Snapshot>();
  std::shared_ptr<const routing::Routing> routing_;
  std::unique_ptr<steering::Steering> steering_;
  std::vector<source::SourceFile> files_;
};

}  // namespace
}  // namespace sluice::test

int main() { return sluice::test::Bench().run(); }
