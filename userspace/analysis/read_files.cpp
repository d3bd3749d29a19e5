// SPDX-License-Identifier: Apache-2.0
#include "userspace/analysis/read_files.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>

#include "userspace/source/directory.h"
#include "userspace/source/limits.h"

namespace sluice::analysis {
namespace {

namespace fs = std::filesystem;
using source::SourceFile;
using Files = std::map<std::string, SourceFile>;

/// Reads one byte more than is allowed, so that the decoder notices that there is more.
SourceFile readStandardInput() {
  SourceFile file{"-", {}, {}};
  constexpr size_t kStep = size_t{64} << 10;
  while (file.text.size() <= source::kMaxFileBytes) {
    const size_t before = file.text.size();
    file.text.resize(before + kStep);
    const ssize_t got = ::read(STDIN_FILENO, file.text.data() + before, kStep);
    const int error = errno;
    file.text.resize(before + static_cast<size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) break;
    if (got < 0 && error != EINTR) {
      file.unreadable = Error::system("read standard input", error);
      break;
    }
  }
  return file;
}

void add(Files& files, SourceFile file) {
  const std::string name = file.name;
  files.insert_or_assign(name, std::move(file));
}

void addProblem(Files& files, const std::string& path, Error error) {
  add(files, {path, {}, std::move(error)});
}

bool isHidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

bool isConfiguration(const fs::path& path) {
  return source::isConfigName(path.filename().string()) || path.extension() == ".json";
}

void addDirectory(Files& files, const std::string& path) {
  std::error_code error;
  size_t count = 0;
  fs::recursive_directory_iterator entry(path, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (isHidden(entry->path())) {
      entry.disable_recursion_pending();
      continue;
    }
    std::error_code ignored;
    if (!isConfiguration(entry->path()) || entry->is_directory(ignored)) continue;
    if (++count > source::kMaxFiles) {
      return addProblem(
          files, path,
          Error(Error::Code::kExhausted,
                fmt::format("read directory {}: more than {} files", path, source::kMaxFiles),
                "give the folders one by one"));
    }
    add(files, source::readSourceFile(entry->path().string()));
  }
  if (error) addProblem(files, path, Error::system("read directory " + path, error.value()));
}

}  // namespace

std::vector<SourceFile> readFiles(const std::vector<std::string>& paths) {
  Files files;
  for (const std::string& path : paths) {
    std::error_code ignored;
    if (path == "-") {
      add(files, readStandardInput());
    } else if (fs::is_directory(path, ignored)) {
      addDirectory(files, path);
    } else {
      add(files, source::readSourceFile(path));
    }
  }
  std::vector<SourceFile> result;
  result.reserve(files.size());
  for (auto& [name, file] : files) result.push_back(std::move(file));
  return result;
}

}  // namespace sluice::analysis
