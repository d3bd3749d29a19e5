// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/load.h"

#include <sys/stat.h>

#include <map>
#include <utility>

#include "userspace/source/directory.h"

namespace sluice::source {
namespace {

bool isDirectory(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

std::vector<SourceFile> readPath(const std::string& path) {
  std::vector<SourceFile> files;
  if (!isDirectory(path)) {
    files.push_back(readSourceFile(path));
    return files;
  }
  auto listed = DirectoryReader(path).read();
  if (listed.ok()) return *std::move(listed);
  files.push_back({path, {}, std::move(listed).error()});
  return files;
}

}  // namespace

Loaded load(const std::vector<std::string>& paths) {
  std::map<std::string, SourceFile> by_name;
  for (const std::string& path : paths) {
    for (SourceFile& file : readPath(path)) by_name.insert_or_assign(file.name, std::move(file));
  }
  std::vector<SourceFile> files;
  files.reserve(by_name.size());
  for (auto& [name, file] : by_name) files.push_back(std::move(file));
  ResourceStore store;
  store.update(files);
  return {store.snapshot(), store.diagnostics(), store.statuses(), store.unreadableFiles()};
}

}  // namespace sluice::source
