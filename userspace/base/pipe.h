// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <utility>

#include "userspace/base/fd.h"
#include "userspace/base/result.h"

namespace sluice {

/// A pipe through which bytes go from one socket to another without a copy to user space
/// (splice(2)). Never blocks. splice(2) has no MSG_NOSIGNAL: the process must ignore SIGPIPE.
class Pipe {
 public:
  /// With a slot for each page of `bytes`, unless the user has too many pipes (pipe(7),
  /// pipe-user-pages-soft): fewer slots only mean more calls. A packet takes a slot or more.
  static Result<std::unique_ptr<Pipe>> create(size_t bytes);

  /// Bytes that are in it.
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  /// As splice(2): the number of bytes that came, 0 at the end, or -1 and errno. `most` bounds what
  /// is held; the kernel may take less, and answers EAGAIN also when it has no room for more.
  ssize_t fill(int socket, size_t most);
  /// The same: the number of bytes that went, or -1 and errno.
  ssize_t drain(int socket);

 private:
  Pipe(Fd in, Fd out) : in_(std::move(in)), out_(std::move(out)) {}

  Fd in_, out_;  ///< what is written to, what is read from
  size_t size_ = 0;
};

}  // namespace sluice
