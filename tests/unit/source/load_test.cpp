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

/// Whatever the file system's clock says.
constexpr Duration kAtOnce = -std::chrono::hours(1);

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
  const auto files = DirectoryReader(directory.path()).read();
  ASSERT_TRUE(files.ok());
  ASSERT_EQ(files->size(), kFit + 1);
  EXPECT_FALSE((*files)[kFit - 1].unreadable);
  ASSERT_TRUE(files->back().unreadable);
  EXPECT_THAT(files->back().unreadable->message(), testing::HasSubstr("more than 256 MiB"));
}

TEST(Load, TheLimitCountsWhatIsUnchanged) {
  const TemporaryDirectory directory;
  writeFile(directory / "large.txt", space("a") + std::string(kMaxFileBytes - 100, '#'));
  constexpr size_t kFit = kMaxDirectoryBytes / (kMaxFileBytes - 50);
  for (size_t i = 0; i < kFit; ++i)
    std::filesystem::create_symlink("large.txt", directory / (std::to_string(1000 + i) + ".yaml"));
  DirectoryReader reader(directory.path(), kAtOnce);
  ASSERT_TRUE(reader.read().ok());
  std::filesystem::create_symlink("large.txt", directory / "9999.yaml");
  const auto files = reader.read();
  ASSERT_TRUE(files.ok());
  EXPECT_TRUE(files->front().unchanged);
  EXPECT_TRUE(files->back().unreadable);
}

/// "a.yaml=text", or "a.yaml unchanged".
std::vector<std::string> readBy(DirectoryReader& reader) {
  const auto files = reader.read();
  std::vector<std::string> result;
  if (!files.ok()) return {files.error().message()};
  for (const auto& file : *files) {
    const auto name = std::filesystem::path(file.name).filename().string();
    result.push_back(name + (file.unchanged ? " unchanged" : "=" + file.text));
  }
  return result;
}

TEST(Load, ReadsAgainOnlyWhatHasChanged) {
  const TemporaryDirectory directory;
  DirectoryReader reader(directory.path(), kAtOnce);
  writeFile(directory / "a.yaml", "1");
  writeFile(directory / "b.yaml", "1");
  EXPECT_THAT(readBy(reader), ElementsAre("a.yaml=1", "b.yaml=1"));
  EXPECT_THAT(readBy(reader), ElementsAre("a.yaml unchanged", "b.yaml unchanged"));
  writeFile(directory / "a.yaml", "12");
  EXPECT_THAT(readBy(reader), ElementsAre("a.yaml=12", "b.yaml unchanged"));
  std::filesystem::remove(directory / "a.yaml");
  EXPECT_THAT(readBy(reader), ElementsAre("b.yaml unchanged"));
  writeFile(directory / "a.yaml", "12");
  EXPECT_THAT(readBy(reader), ElementsAre("a.yaml=12", "b.yaml unchanged"));
}

TEST(Load, SeesThatALinkLeadsToAnotherFile) {
  const TemporaryDirectory directory;
  writeFile(directory / "1.txt", "1");
  writeFile(directory / "2.txt", "2");
  const auto link = [&](const char* target) {
    std::filesystem::remove(directory / "a.yaml");
    std::filesystem::create_symlink(target, directory / "a.yaml");
  };
  link("1.txt");
  DirectoryReader reader(directory.path(), kAtOnce);
  EXPECT_THAT(readBy(reader), ElementsAre("a.yaml=1"));
  link("2.txt");
  EXPECT_THAT(readBy(reader), ElementsAre("a.yaml=2"));
}

TEST(Load, ReadsAllAgainWhenAsked) {
  const TemporaryDirectory directory;
  DirectoryReader reader(directory.path(), kAtOnce);
  writeFile(directory / "a.yaml", "1");
  EXPECT_THAT(readBy(reader), ElementsAre("a.yaml=1"));
  reader.forget();
  EXPECT_THAT(readBy(reader), ElementsAre("a.yaml=1"));
}

TEST(Load, WhatHasJustChangedIsReadAgain) {
  const TemporaryDirectory directory;
  DirectoryReader reader(directory.path(), std::chrono::hours(1));
  writeFile(directory / "a.yaml", "1");
  EXPECT_THAT(readBy(reader), ElementsAre("a.yaml=1"));
  EXPECT_THAT(readBy(reader), ElementsAre("a.yaml=1"));
}

TEST(Load, WhatCouldNotBeReadIsTriedAgain) {
  // An ordinary file to stat(), which nobody may open to read, not even root.
  constexpr const char* kWriteOnly = "/proc/sys/net/ipv4/route/flush";
  if (!std::filesystem::is_regular_file(kWriteOnly)) GTEST_SKIP() << "no " << kWriteOnly;
  const TemporaryDirectory directory;
  std::filesystem::create_symlink(kWriteOnly, directory / "a.yaml");
  DirectoryReader reader(directory.path(), kAtOnce);
  for (int i = 0; i < 2; ++i) {
    const auto files = reader.read();
    ASSERT_TRUE(files.ok());
    EXPECT_TRUE(files->front().unreadable);
  }
}

TEST(Load, KnowsWhatItReadBeforeTheDirectoryCouldNotBeListed) {
  const TemporaryDirectory directory;
  const auto rules = directory / "rules";
  std::filesystem::create_directory(rules);
  writeFile(rules + "/a.yaml", "1");
  DirectoryReader reader(rules, kAtOnce);
  EXPECT_THAT(readBy(reader), ElementsAre("a.yaml=1"));
  std::filesystem::rename(rules, directory / "elsewhere");
  EXPECT_FALSE(reader.read().ok());
  std::filesystem::rename(directory / "elsewhere", rules);
  EXPECT_THAT(readBy(reader), ElementsAre("a.yaml unchanged"));
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
