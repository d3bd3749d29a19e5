// SPDX-License-Identifier: Apache-2.0
#include "tests/support/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "userspace/base/fd.h"

namespace sluice::test {

Result<std::string> readFile(const std::filesystem::path& path) {
  Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return Error::system("open " + path.string());
  std::string text;
  std::array<char, 4096> block{};
  while (true) {
    const ssize_t count = read(file.get(), block.data(), block.size());
    if (count < 0) return Error::system("read " + path.string());
    if (count == 0) return text;
    text.append(block.data(), static_cast<size_t>(count));
  }
}

Result<void> writeFile(const std::filesystem::path& path, std::string_view text) {
  Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file) return Error::system("open " + path.string());
  if (write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return Error::system("write " + path.string());
  return {};
}

Result<void> replaceFile(const std::filesystem::path& path, std::string_view text) {
  // A name that starts with a dot: readers of the directory do not take it for a resource.
  const auto next = path.parent_path() / ("." + path.filename().string() + ".next");
  SLUICE_TRY(writeFile(next, text));
  if (rename(next.c_str(), path.c_str()) != 0) return Error::system("rename to " + path.string());
  return {};
}

}  // namespace sluice::test
