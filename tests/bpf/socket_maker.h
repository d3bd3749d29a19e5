// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>

#include "userspace/base/fd.h"
#include "userspace/base/result.h"

namespace sluice::test {

/// Makes sockets that belong to a cgroup: a child process in that cgroup opens them and hands
/// them over. A socket stays in the cgroup that it was made in, whoever uses it.
class SocketMaker {
 public:
  static Result<std::unique_ptr<SocketMaker>> in(const std::filesystem::path& cgroup);
  /// Ends the child and waits for it.
  ~SocketMaker();
  SocketMaker(const SocketMaker&) = delete;
  SocketMaker& operator=(const SocketMaker&) = delete;

  /// As socket(2).
  Result<Fd> make(int family, int type);

 private:
  SocketMaker(Fd channel, pid_t child) : channel_(std::move(channel)), child_(child) {}

  Fd channel_;
  pid_t child_;
};

}  // namespace sluice::test
