// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "userspace/base/fd.h"
#include "userspace/base/result.h"
#include "userspace/broker/file_identity.h"

namespace sluice::broker {

/// A network namespace, kept alive as long as this object lives.
class NetworkNamespace {
 public:
  /// `path`: a file of nsfs ("/run/netns/web", "/proc/42/ns/net"). kInvalid for any other file,
  /// which is looked at without opening it: a device or a FIFO notices nothing.
  static Result<NetworkNamespace> open(const std::string& path);
  /// The calling thread's.
  static Result<NetworkNamespace> current();

  int fd() const { return fd_.get(); }
  const FileIdentity& identity() const { return identity_; }

 private:
  NetworkNamespace(Fd fd, FileIdentity identity) : fd_(std::move(fd)), identity_(identity) {}

  Fd fd_;
  FileIdentity identity_;
};

/// The way of one thread into other network namespaces and back. Needs CAP_SYS_ADMIN.
class NamespaceVisitor {
 public:
  /// Home is where the calling thread is now.
  static Result<NamespaceVisitor> create();

  /// The result of `action`, a Result<…>, run inside `there`; or why one cannot go there. The
  /// thread is home again when this returns; where that fails, the process ends: whatever it did
  /// next would happen in a foreign namespace.
  template <typename Action>
  auto visit(const NetworkNamespace& there, Action&& action) const
      -> decltype(std::forward<Action>(action)()) {
    SLUICE_TRY(enter(there));
    const Return on_leaving{home_};
    return std::forward<Action>(action)();
  }

 private:
  struct Return {
    const NetworkNamespace& home;
    ~Return();
  };

  explicit NamespaceVisitor(NetworkNamespace home) : home_(std::move(home)) {}
  static Result<void> enter(const NetworkNamespace& there);

  NetworkNamespace home_;
};

}  // namespace sluice::broker
