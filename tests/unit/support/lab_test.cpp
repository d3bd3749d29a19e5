// SPDX-License-Identifier: Apache-2.0
#include "tests/support/lab.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/wait.h>

#include <csignal>
#include <future>
#include <thread>

#include "tests/support/cgroup.h"
#include "tests/support/files.h"
#include "tests/support/http_client.h"
#include "tests/support/programs.h"

namespace sluice::test {
namespace {

namespace fs = std::filesystem;

class LabTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root for network namespaces";
  }
};

/// What is on the machine under this name.
std::vector<std::string> tracesOf(const std::string& lab) {
  std::vector<std::string> traces;
  if (fs::exists(*cgroup2Mount() / lab)) traces.push_back("cgroup");
  if (fs::exists(labsDirectory() / lab)) traces.push_back("directory");
  for (const auto& entry : fs::directory_iterator("/run/netns"))
    if (entry.path().filename().string().starts_with(lab + "-"))
      traces.push_back(entry.path().filename());
  if (readFile("/proc/self/mountinfo")->find("/" + lab + "/") != std::string::npos)
    traces.push_back("mount");
  return traces;
}

TEST_F(LabTest, PutsAProgramIntoNamespaceAndCgroup) {
  auto lab = Lab::create({"web"});
  ASSERT_TRUE(lab.ok()) << lab.error().message();
  auto seen = lab->inside("web", []() -> Result<std::string> {
    auto cgroup = readFile("/proc/self/cgroup");
    auto devices = readFile("/proc/net/dev");
    return *cgroup + *devices;
  });
  ASSERT_TRUE(seen.ok()) << seen.error().message();
  EXPECT_NE(seen->find("0::" + lab->host("web").cgroup + "\n"), std::string::npos) << *seen;
  EXPECT_NE(seen->find("eth0"), std::string::npos);
}

TEST_F(LabTest, RunsAFunctionBesideTheTest) {
  auto lab = Lab::create({"web"});
  ASSERT_TRUE(lab.ok()) << lab.error().message();
  auto asleep = lab->startInside("web", []() -> Result<std::string> {
    ::pause();
    return std::string();
  });
  auto failing = lab->startInside(
      "web", []() -> Result<std::string> { return Error(Error::Code::kInvalid, "as it should"); });
  ASSERT_TRUE(asleep.ok() && failing.ok());
  EXPECT_NE(failing->wait().error().message().find("as it should"), std::string::npos);
  EXPECT_TRUE(asleep->running());
}

TEST_F(LabTest, RunsNoFunctionBesideOtherThreads) {
  auto lab = Lab::create({"web"});
  ASSERT_TRUE(lab.ok()) << lab.error().message();
  std::promise<void> done;
  std::thread other([end = done.get_future()] { end.wait(); });
  const auto refused = lab->inside("web", []() -> Result<std::string> { return std::string(); });
  done.set_value();
  other.join();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), Error::Code::kUnsupported);
}

TEST_F(LabTest, JoinsHostsInBothFamiliesAndHasNoWayOut) {
  auto lab = Lab::create({"web", "server"});
  ASSERT_TRUE(lab.ok()) << lab.error().message();
  auto server = lab->spawn("server", {programPath("who-server"), "--name", "it", "--port", "8080"},
                           Output::kPipe);
  ASSERT_TRUE(server.ok());
  ASSERT_TRUE(server->readLine(std::chrono::seconds(10)).ok());
  for (const auto& address : {lab->host("server").address4, lab->host("server").address6}) {
    auto answer = lab->inside("web", [&]() -> Result<std::string> {
      auto connection = HttpConnection::connect({address, 8080});
      if (!connection) return std::move(connection).error();
      auto response = connection->exchange({});
      if (!response) return std::move(response).error();
      return response->servedBy();
    });
    ASSERT_TRUE(answer.ok()) << answer.error().message();
    EXPECT_EQ(*answer, "it");
  }
  auto outside = lab->inside("web", []() -> Result<std::string> {
    auto socket = connectTcp({*IpAddress::parse("10.96.0.10"), 80});
    return std::to_string(socket ? 0 : socket.error().errnum());
  });
  EXPECT_EQ(*outside, std::to_string(ENETUNREACH));
}

TEST_F(LabTest, ShowsItsOwnNames) {
  auto lab = Lab::create({"web"});
  ASSERT_TRUE(lab.ok());
  ASSERT_TRUE(lab->addName(*IpAddress::parse("10.96.0.10"), "product-api").ok());
  auto found = lab->run("web", {"getent", "hosts", "product-api"});
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->out.substr(0, 10), "10.96.0.10");
}

TEST_F(LabTest, LeavesNothingBehind) {
  std::string name;
  {
    auto lab = Lab::create({"web"});
    ASSERT_TRUE(lab.ok());
    name = lab->name();
    EXPECT_EQ(tracesOf(name).size(), 5U);
    auto sleeper = lab->spawn("web", {"sleep", "1000"});
    ASSERT_TRUE(sleeper.ok());
  }
  EXPECT_TRUE(tracesOf(name).empty());
}

TEST_F(LabTest, IsRemovedWhenItsOwnerIsKilled) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  const pid_t owner = fork();
  if (owner == 0) {
    close(ends[0]);
    auto lab = Lab::create({"web"});
    auto sleeper = lab->spawn("web", {"sleep", "1000"});
    EXPECT_EQ(write(ends[1], lab->name().data(), lab->name().size()),
              static_cast<ssize_t>(lab->name().size()));
    raise(SIGKILL);
  }
  close(ends[1]);
  std::array<char, 64> name{};
  ASSERT_GT(read(ends[0], name.data(), name.size()), 0);
  close(ends[0]);
  ASSERT_EQ(waitpid(owner, nullptr, 0), owner);
  // The janitor holds the lab's lock until it has finished; no directory: it has finished already.
  Fd directory(open((labsDirectory() / name.data()).c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_TRUE(!directory || flock(directory.get(), LOCK_EX) == 0);
  EXPECT_TRUE(tracesOf(name.data()).empty());
}

TEST_F(LabTest, RemovesLabsThatWereAbandoned) {
  const std::string name = "sluice-0-" + std::to_string(getpid());
  fs::create_directories(*cgroup2Mount() / name / "web");
  ASSERT_TRUE(runChecked({"ip", "netns", "add", name + "-web"}).ok());
  EXPECT_EQ(tracesOf(name).size(), 2U);
  // Last: by it a lab is known, and a test that runs beside this one may find it first.
  fs::create_directories(labsDirectory() / name);
  auto lab = Lab::create({});
  ASSERT_TRUE(lab.ok()) << lab.error().message();
  EXPECT_TRUE(tracesOf(name).empty());
}

TEST_F(LabTest, LetsLabsThatLiveAlone) {
  auto first = Lab::create({"web"});
  ASSERT_TRUE(first.ok());
  auto second = Lab::create({"web"});
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(tracesOf(first->name()).size(), 5U);
}

}  // namespace
}  // namespace sluice::test
