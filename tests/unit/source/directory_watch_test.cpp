// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/directory_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/manual_clock.h"
#include "tests/unit/source/temporary_directory.h"

namespace sluice::source {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::ElementsAre;

/// A watch of `rules` in a temporary directory, on a clock that stands still.
class DirectoryWatchTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directory(rules_);
    auto reactor = Reactor::create(clock_);
    ASSERT_TRUE(reactor.ok());
    reactor_ = *std::move(reactor);
  }

  void watch() {
    auto watch = DirectoryWatch::create(
        *reactor_, rules_,
        [this](auto files) {
          ++calls_;
          last_ = std::move(files);
        },
        timing_);
    ASSERT_TRUE(watch.ok()) << watch.error().message();
    watch_ = *std::move(watch);
  }

  /// Lets the kernel's events arrive; what inotify has, it has at once.
  void settle() { reactor_->runOnce(0ms); }

  /// Lets `duration` pass.
  void pass(Duration duration) {
    clock_.advance(duration);
    reactor_->runOnce(0ms);
  }

  /// The files of the last call, "name=text".
  std::vector<std::string> files() const {
    std::vector<std::string> result;
    if (!last_ || !last_->ok()) return {"no files"};
    for (const auto& file : **last_) {
      const auto name = fs::path(file.name).filename().string();
      result.push_back(name + (file.unchanged ? " unchanged" : "=" + file.text));
    }
    return result;
  }

  /// After `change`, one call comes when it is quiet.
  template <typename Change>
  void expectOneCallAfter(const Change& change) {
    const int before = calls_;
    change();
    settle();
    EXPECT_EQ(calls_, before) << "too early";
    pass(100ms);
    EXPECT_EQ(calls_, before + 1);
  }

  TemporaryDirectory directory_;
  std::string rules_ = directory_ / "rules";
  sluice::test::ManualClock clock_;
  std::unique_ptr<Reactor> reactor_;
  std::optional<Result<std::vector<SourceFile>>> last_;
  int calls_ = 0;
  DirectoryWatch::Timing timing_;
  std::unique_ptr<DirectoryWatch> watch_;
};

TEST_F(DirectoryWatchTest, SaysNothingUntilSomethingHappens) {
  writeFile(rules_ + "/a.yaml", "1");
  watch();
  pass(10s);
  EXPECT_EQ(calls_, 0);
  watch_->rescan();
  EXPECT_THAT(files(), ElementsAre("a.yaml=1"));
}

TEST_F(DirectoryWatchTest, SeesWritingRenamingAndRemoving) {
  watch();
  expectOneCallAfter([&] { writeFile(rules_ + "/a.yaml", "1"); });
  EXPECT_THAT(files(), ElementsAre("a.yaml=1"));
  expectOneCallAfter([&] {
    writeFile(rules_ + "/.a.swp", "2");
    fs::rename(rules_ + "/.a.swp", rules_ + "/a.yaml");
  });
  EXPECT_THAT(files(), ElementsAre("a.yaml=2"));
  expectOneCallAfter([&] { fs::remove(rules_ + "/a.yaml"); });
  EXPECT_THAT(files(), ElementsAre());
}

TEST_F(DirectoryWatchTest, WaitsUntilItIsQuiet) {
  watch();
  writeFile(rules_ + "/a.yaml", "1");
  settle();
  pass(90ms);
  writeFile(rules_ + "/b.yaml", "2");
  settle();
  pass(90ms);
  EXPECT_EQ(calls_, 0);
  pass(10ms);
  EXPECT_EQ(calls_, 1);
  EXPECT_THAT(files(), ElementsAre("a.yaml=1", "b.yaml=2"));
}

TEST_F(DirectoryWatchTest, WaitsASecondAtMost) {
  watch();
  for (int i = 0; i < 20; ++i) {
    writeFile(rules_ + "/a.yaml", std::to_string(i));
    settle();
    EXPECT_EQ(calls_, i <= 10 ? 0 : 1) << i;
    pass(i == 10 ? 10ms : 99ms);
  }
}

TEST_F(DirectoryWatchTest, SeesAConfigMapSwap) {
  const auto publish = [&](const std::string& version) {
    fs::create_directory(rules_ + "/.." + version);
    writeFile(rules_ + "/.." + version + "/a.yaml", version);
    fs::create_directory_symlink(".." + version, rules_ + "/..data_tmp");
    fs::rename(rules_ + "/..data_tmp", rules_ + "/..data");
  };
  publish("v1");
  fs::create_symlink("..data/a.yaml", rules_ + "/a.yaml");
  watch();
  expectOneCallAfter([&] {
    publish("v2");
    fs::remove_all(rules_ + "/..v1");
  });
  EXPECT_THAT(files(), ElementsAre("a.yaml=v2"));
  expectOneCallAfter([&] { publish("v3"); });
  EXPECT_THAT(files(), ElementsAre("a.yaml=v3"));
}

TEST_F(DirectoryWatchTest, SeesFilesThatAreElsewhere) {
  fs::create_directory(directory_ / "elsewhere");
  writeFile(directory_ / "elsewhere/real", "1");
  fs::create_symlink(directory_ / "elsewhere/real", rules_ + "/a.yaml");
  watch();
  expectOneCallAfter([&] { writeFile(directory_ / "elsewhere/real", "2"); });
  EXPECT_THAT(files(), ElementsAre("a.yaml=2"));
  writeFile(directory_ / "elsewhere/other", "3");
  settle();
  pass(1s);
  EXPECT_EQ(calls_, 1) << "only the link's target is ours";
}

TEST_F(DirectoryWatchTest, OutlivesItsDirectory) {
  writeFile(rules_ + "/a.yaml", "1");
  watch();
  expectOneCallAfter([&] { fs::remove_all(rules_); });
  ASSERT_TRUE(last_.has_value());
  EXPECT_FALSE(last_->ok());
  expectOneCallAfter([&] {
    fs::create_directory(rules_);
    writeFile(rules_ + "/a.yaml", "2");
  });
  EXPECT_THAT(files(), ElementsAre("a.yaml=2"));
  expectOneCallAfter([&] { writeFile(rules_ + "/a.yaml", "3"); });
  EXPECT_THAT(files(), ElementsAre("a.yaml=3"));
}

TEST_F(DirectoryWatchTest, TheDirectoryMayBeASymlinkThatIsSwapped) {
  fs::create_directory(directory_ / "one");
  fs::create_directory(directory_ / "two");
  writeFile(directory_ / "two/a.yaml", "2");
  fs::remove(rules_);
  fs::create_directory_symlink("one", rules_);
  watch();
  expectOneCallAfter([&] {
    fs::create_directory_symlink("two", directory_ / "new");
    fs::rename(directory_ / "new", rules_);
  });
  EXPECT_THAT(files(), ElementsAre("a.yaml=2"));
}

TEST_F(DirectoryWatchTest, TheDirectoryNeedNotExistYet) {
  fs::remove(rules_);
  watch();
  expectOneCallAfter([&] {
    fs::create_directory(rules_);
    writeFile(rules_ + "/a.yaml", "1");
  });
  EXPECT_THAT(files(), ElementsAre("a.yaml=1"));
}

TEST_F(DirectoryWatchTest, ReadsWhatHasChangedAndEverythingWhenAsked) {
  timing_.settled = -1h;  // whatever the file system's clock says
  writeFile(rules_ + "/a.yaml", "1");
  watch();
  watch_->rescan();
  EXPECT_THAT(files(), ElementsAre("a.yaml=1"));
  expectOneCallAfter([&] { writeFile(rules_ + "/b.yaml", "1"); });
  EXPECT_THAT(files(), ElementsAre("a.yaml unchanged", "b.yaml=1"));
  watch_->rescan();
  EXPECT_THAT(files(), ElementsAre("a.yaml=1", "b.yaml=1"));
}

TEST_F(DirectoryWatchTest, ReadsAgainWhenTheQueueOverflows) {
  int queue = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> queue;
  if (queue <= 0 || queue > 100'000) GTEST_SKIP() << "queue of " << queue << " events";
  watch();
  // The neighbours' events fill the queue and concern nobody; then ours is lost.
  const std::string names[] = {directory_ / "x", directory_ / "y"};
  writeFile(names[0], "");
  for (int i = 0; i < queue; ++i) {
    fs::rename(names[i % 2], names[(i + 1) % 2]);
  }
  expectOneCallAfter([&] { writeFile(rules_ + "/a.yaml", "1"); });
  EXPECT_THAT(files(), ElementsAre("a.yaml=1"));
}

}  // namespace
}  // namespace sluice::source
