// SPDX-License-Identifier: Apache-2.0
// The whole way of a configuration: its documents arrive one after the other, each state is held
// back, resolved and planned for the kernel's tables; some go and come back. In the end calls are
// explained, and everything is in both modes as if it had been there at once.
#include "tests/fuzz/config_checks.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/mesh_run.h"

namespace sluice::test {
namespace {

constexpr size_t kMostFiles = 6;

/// The documents of `text` in up to kMostFiles files, in their order.
std::vector<source::SourceFile> filesOf(std::string_view text) {
  std::vector<source::SourceFile> files;
  while (!text.empty()) {
    const bool is_last = files.size() + 1 == kMostFiles;
    const size_t end = is_last ? text.npos : text.find("\n---", 1);
    const size_t size = end == text.npos ? text.size() : end + 1;
    files.push_back(
        {std::to_string(files.size()) + ".yaml", std::string(text.substr(0, size)), std::nullopt});
    text.remove_prefix(size);
  }
  return files;
}

void run(std::string_view text) {
  const auto files = filesOf(text);
  MeshRun run;
  for (size_t count = 1; count <= files.size(); ++count)
    run.update({files.begin(), files.begin() + static_cast<std::ptrdiff_t>(count)});
  run.update({files.begin() + static_cast<std::ptrdiff_t>(files.size() / 2), files.end()});
  run.update(files);
  run.explainCalls();
  run.checkAsAtOnce(files);
}

}  // namespace
}  // namespace sluice::test

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice::test;
  const CostGuard guard(size, kCompilingLimits);
  run({reinterpret_cast<const char*>(data), size});
  return 0;
}
