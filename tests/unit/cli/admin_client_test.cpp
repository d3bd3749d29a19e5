// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/admin_client.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <thread>

#include "userspace/base/fd.h"

namespace sluice::cli {
namespace {

using namespace std::chrono_literals;

/// Accepts two connections: closes the first one when a request has come, answers on the second.
class AgentThatIsReplaced : public testing::Test {
 protected:
  void SetUp() override {
    std::string directory = testing::TempDir() + "sluice-admin-XXXXXX";
    ASSERT_NE(::mkdtemp(directory.data()), nullptr);
    directory_ = directory;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path().string().copy(address.sun_path, sizeof(address.sun_path) - 1);
    listener_ = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    ASSERT_EQ(::listen(listener_.get(), 2), 0);
    agents_ = std::thread([this] {
      serve("");
      serve("{\"apiVersion\":\"sluice.io/v1\",\"agent\":\"second\"}\n");
    });
  }

  void TearDown() override {
    ::shutdown(listener_.get(), SHUT_RDWR);
    if (agents_.joinable()) agents_.join();
    if (!directory_.empty()) std::filesystem::remove_all(directory_);
  }

  std::filesystem::path path() const { return directory_ / "admin.sock"; }

 private:
  void serve(std::string_view answer) {
    const Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    std::array<char, 256> request{};
    if (::recv(client.get(), request.data(), request.size(), 0) <= 0) return;
    ::send(client.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
  }

  std::filesystem::path directory_;
  Fd listener_;
  std::thread agents_;
};

TEST_F(AgentThatIsReplaced, AnswersThePatientByItsSuccessor) {
  const auto answer = askPatiently(path(), {{"command", "status"}}, 10s);
  ASSERT_TRUE(answer.ok()) << answer.error().message();
  EXPECT_EQ(answer->value("agent", ""), "second");
}

TEST_F(AgentThatIsReplaced, IsUnavailableToOthers) {
  const auto answer = ask(path(), {{"command", "status"}}, 10s);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code(), Error::Code::kUnavailable);
}

}  // namespace
}  // namespace sluice::cli
