// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/network_namespace.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

#include <cstdlib>

#include "userspace/base/log.h"

namespace sluice::broker {

namespace {

Error noNamespace(const std::string& path) {
  return Error(Error::Code::kInvalid, fmt::format("{} is no network namespace", path),
               "name a file such as /run/netns/web or /proc/PID/ns/net");
}

}  // namespace

Result<NetworkNamespace> NetworkNamespace::open(const std::string& path) {
  const Fd place(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!place) return Error::system(fmt::format("open network namespace {}", path));
  struct statfs filesystem{};
  if (::fstatfs(place.get(), &filesystem) != 0) return Error::system("fstatfs " + path);
  if (filesystem.f_type != NSFS_MAGIC) return noNamespace(path);
  // Through the descriptor, not the path, which may lead elsewhere by now.
  Fd fd(::open(fmt::format("/proc/self/fd/{}", place.get()).c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return Error::system(fmt::format("open network namespace {}", path));
  if (::ioctl(fd.get(), NS_GET_NSTYPE) != CLONE_NEWNET) return noNamespace(path);
  auto identity = FileIdentity::of(fd.get());
  if (!identity.ok()) return std::move(identity).error();
  return NetworkNamespace(std::move(fd), *identity);
}

Result<NetworkNamespace> NetworkNamespace::current() { return open("/proc/thread-self/ns/net"); }

Result<NamespaceVisitor> NamespaceVisitor::create() {
  auto home = NetworkNamespace::current();
  if (!home.ok()) return std::move(home).error();
  return NamespaceVisitor(*std::move(home));
}

Result<void> NamespaceVisitor::enter(const NetworkNamespace& there) {
  if (::setns(there.fd(), CLONE_NEWNET) == 0) return {};
  return Error::system("enter a network namespace", errno, "the broker needs CAP_SYS_ADMIN");
}

NamespaceVisitor::Return::~Return() {
  if (::setns(home.fd(), CLONE_NEWNET) == 0) return;
  log::error("{}", Error::system("return to the home network namespace").message());
  std::abort();
}

}  // namespace sluice::broker
