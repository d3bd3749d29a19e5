// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/unit/source/temporary_directory.h"
#include "userspace/source/directory.h"
#include "userspace/source/limits.h"

namespace sluice::source {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string space(const std::string& name) {
  return "{apiVersion: v1, kind: Namespace, metadata: {name: " + name + "}}\n";
}

std::vector<std::string> names(const Loaded& loaded) {
  std::vector<std::string> result;
  for (const auto& resource : loaded.snapshot->namespaces) {
    result.push_back(resource->metadata.name);
  }
  return result;
}

TEST(Load, ReadsFilesAndWhatIsDirectlyInDirectories) {
  const TemporaryDirectory directory;
  writeFile(directory / "b.yaml", space("b"));
  writeFile(directory / "a.yml", space("a"));
  writeFile(directory / "c.txt", space("c"));
  writeFile(directory / ".hidden.yaml", space("hidden"));
  std::filesystem::create_directory(directory / "below");
  writeFile(directory / "below/d.yaml", space("d"));
  EXPECT_THAT(names(load({directory.path()})), ElementsAre("a", "b"));
  EXPECT_THAT(names(load({directory / "c.txt"})), ElementsAre("c"));
  EXPECT_THAT(load({directory.path(), directory / "b.yaml"}).diagnostics, IsEmpty())
      << "named twice, read once";
}

TEST(Load, SaysWhatCannotBeRead) {
  const TemporaryDirectory directory;
  const Loaded loaded = load({directory / "nothing.yaml"});
  ASSERT_EQ(loaded.diagnostics.size(), 1U);
  EXPECT_EQ(loaded.diagnostics[0].code, "SLU1009");
  EXPECT_EQ(loaded.diagnostics[0].position.file.text(), directory / "nothing.yaml");
  EXPECT_THAT(loaded.unreadable, ElementsAre(directory / "nothing.yaml"));
}

TEST(Load, LimitsWhatADirectoryHasTogether) {
  const TemporaryDirectory directory;
  writeFile(directory / "large.txt", space("a") + std::string(kMaxFileBytes - 100, '#'));
  constexpr size_t kFit = kMaxDirectoryBytes / (kMaxFileBytes - 50);
  for (size_t i = 0; i <= kFit; ++i)
    std::filesystem::create_symlink("large.txt", directory / (std::to_string(1000 + i) + ".yaml"));
  const auto files = readDirectory(directory.path());
  ASSERT_TRUE(files.ok());
  ASSERT_EQ(files->size(), kFit + 1);
  EXPECT_FALSE((*files)[kFit - 1].unreadable);
  ASSERT_TRUE(files->back().unreadable);
  EXPECT_THAT(files->back().unreadable->message(), testing::HasSubstr("more than 256 MiB"));
}

TEST(Load, APipeDoesNotStopIt) {
  const TemporaryDirectory directory;
  ASSERT_EQ(::mkfifo((directory / "pipe.yaml").c_str(), 0600), 0);
  writeFile(directory / "a.yaml", space("a"));
  const Loaded loaded = load({directory.path()});
  EXPECT_THAT(names(loaded), ElementsAre("a"));
  EXPECT_THAT(loaded.unreadable, ElementsAre(directory / "pipe.yaml"));
}

TEST(Load, RefusesALargeFile) {
  const TemporaryDirectory directory;
  writeFile(directory / "a.yaml", space("a") + std::string(kMaxFileBytes, '#'));
  const Loaded loaded = load({directory.path()});
  EXPECT_THAT(names(loaded), IsEmpty());
  ASSERT_EQ(loaded.diagnostics.size(), 1U);
  EXPECT_EQ(loaded.diagnostics[0].code, "SLU1006");
}

}  // namespace
}  // namespace sluice::source
