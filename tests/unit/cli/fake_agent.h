// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "userspace/base/fd.h"

namespace sluice::cli::test {

/// Answers on the first connection with the first of the texts that it is given, whatever is asked,
/// closes it, and so on.
class FakeAgent : public testing::Test {
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
  }

  void answer(std::vector<std::string> texts) {
    agent_ = std::thread([this, texts = std::move(texts)] {
      for (const auto& text : texts) serve(text);
    });
  }

  void TearDown() override {
    ::shutdown(listener_.get(), SHUT_RDWR);
    if (agent_.joinable()) agent_.join();
    if (!directory_.empty()) std::filesystem::remove_all(directory_);
  }

  std::filesystem::path path() const { return directory_ / "admin.sock"; }

 private:
  void serve(const std::string& text) {
    const Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    std::array<char, 1024> request{};
    if (::recv(client.get(), request.data(), request.size(), 0) <= 0) return;
    ::send(client.get(), text.data(), text.size(), MSG_NOSIGNAL);
  }

  std::filesystem::path directory_;
  Fd listener_;
  std::thread agent_;
};

}  // namespace sluice::cli::test
