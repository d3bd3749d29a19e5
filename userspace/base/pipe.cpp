// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace sluice {

namespace {

ssize_t move(int from, int to, size_t most) {
  ssize_t count = 0;
  do {
    count = ::splice(from, nullptr, to, nullptr, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  } while (count < 0 && errno == EINTR);
  return count;
}

}  // namespace

Result<std::unique_ptr<Pipe>> Pipe::create(size_t bytes) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return Error::system("pipe2");
  std::unique_ptr<Pipe> pipe(new Pipe(Fd(ends[1]), Fd(ends[0])));
  [[maybe_unused]] const int size = ::fcntl(ends[1], F_SETPIPE_SZ, static_cast<int>(bytes));
  return pipe;
}

ssize_t Pipe::fill(int socket, size_t most) {
  const ssize_t count = move(socket, in_.get(), most);
  if (count > 0) size_ += static_cast<size_t>(count);
  return count;
}

ssize_t Pipe::drain(int socket) {
  const ssize_t count = move(out_.get(), socket, size_);
  if (count > 0) size_ -= static_cast<size_t>(count);
  return count;
}

}  // namespace sluice
