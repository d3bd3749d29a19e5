// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target over files and folders, for compilers without libFuzzer.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/fuzz/fuzz.h"

namespace {

void runOne(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
}

size_t runAll(const std::filesystem::path& path) {
  if (!std::filesystem::is_directory(path)) {
    runOne(path);
    return 1;
  }
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(path)) count += runAll(entry.path());
  return count;
}

}  // namespace

int main(int argc, char** argv) {
  size_t count = 0;
  for (int i = 1; i < argc; ++i) count += runAll(argv[i]);
  std::printf("%zu inputs\n", count);
  // An empty corpus would pass without having tested anything.
  return count > 0 ? 0 : 1;
}
