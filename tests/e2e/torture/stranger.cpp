// SPDX-License-Identifier: Apache-2.0
#include "tests/e2e/torture/stranger.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

namespace sluice::test::torture {

Stranger::Stranger(pid_t pid) : process_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}

void Stranger::kill() const {
  ::syscall(SYS_pidfd_send_signal, process_.get(), SIGKILL, nullptr, 0);
}

bool Stranger::ends() const {
  pollfd ended{process_.get(), POLLIN, 0};
  return !process_ || ::poll(&ended, 1, 30'000) == 1;
}

size_t descriptors(pid_t process, std::string_view kind) {
  const auto list = fmt::format("/proc/{}/fd", process);
  std::error_code gone;
  size_t count = 0;
  for (const auto& open : std::filesystem::directory_iterator(list, gone))
    count += std::filesystem::read_symlink(open, gone).string().starts_with(kind) ? 1 : 0;
  return count;
}

}  // namespace sluice::test::torture
