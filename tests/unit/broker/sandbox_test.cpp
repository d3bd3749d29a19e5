// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/sandbox.h"

#include <linux/bpf.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <fstream>
#include <mutex>

#include "tests/unit/broker/support.h"

namespace sluice::broker {
namespace {

using Check = std::function<bool()>;

// Runs each check in a child that has entered the sandbox; 0, or 1 + the index of the first that
// does not hold, or 100 when the sandbox itself failed.
int inSandbox(const std::vector<Check>& checks) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto entered = enterSandbox();
    if (!entered.ok()) std::fprintf(stderr, "%s\n", entered.error().message().c_str());
    if (!entered.ok()) ::_exit(100);
    for (size_t i = 0; i < checks.size(); ++i) {
      if (!checks[i]()) ::_exit(static_cast<int>(i) + 1);
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

bool refused(long result) { return result == -1 && errno == EPERM; }

long bpf(int command, bpf_attr& attributes) {
  return ::syscall(SYS_bpf, command, &attributes, sizeof(attributes));
}

long createMap() {
  bpf_attr attributes{};
  attributes.map_type = BPF_MAP_TYPE_ARRAY;
  attributes.key_size = 4;
  attributes.value_size = 8;
  attributes.max_entries = 1;
  return bpf(BPF_MAP_CREATE, attributes);
}

long element(int command, int map, uint64_t& value) {
  uint32_t key = 0;
  bpf_attr attributes{};
  attributes.map_fd = static_cast<uint32_t>(map);
  attributes.key = reinterpret_cast<uint64_t>(&key);
  attributes.value = reinterpret_cast<uint64_t>(&value);
  return bpf(command, attributes);
}

TEST(Sandbox, MapsThatWereHandedOverAreReadAndWrittenButNoneIsMade) {
  SLUICE_NEEDS_ROOT();
  const Fd map(static_cast<int>(createMap()));
  ASSERT_TRUE(map);
  EXPECT_EQ(inSandbox({[] { return refused(createMap()); },
                       [&] {
                         uint64_t value = 7;
                         return element(BPF_MAP_UPDATE_ELEM, map.get(), value) == 0;
                       },
                       [&] {
                         uint64_t value = 0;
                         return element(BPF_MAP_LOOKUP_ELEM, map.get(), value) == 0 && value == 7;
                       },
                       [&] {
                         bpf_attr attributes{};
                         attributes.info.bpf_fd = static_cast<uint32_t>(map.get());
                         return refused(bpf(BPF_OBJ_GET_INFO_BY_FD, attributes));
                       }}),
            0);
}

TEST(Sandbox, NoProgramProcessOrNamespaceIsEntered) {
  const Fd own(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(inSandbox({[] { return refused(::execl("/bin/true", "true", nullptr)); },
                       [&] { return refused(::setns(own.get(), CLONE_NEWNET)); },
                       // Needs no capability: only the filter stands in the way.
                       [] { return refused(::unshare(CLONE_NEWUSER)); },
                       [] { return refused(::mount("none", "/tmp", "tmpfs", 0, nullptr)); },
                       [] { return refused(::kill(::getppid(), 0)); },
                       [] { return refused(::syscall(SYS_process_vm_writev, 1, 0, 0, 0, 0, 0)); },
                       // Whoever is root may ask for a sluiced's place over one.
                       [] { return refused(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)); },
                       [] { return refused(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0)); },
                       [] { return refused(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)); }}),
            0);
}

#ifndef __SANITIZE_ADDRESS__  // the sanitizers' leak check needs these itself
TEST(Sandbox, NoProcessIsStartedOrTraced) {
  EXPECT_EQ(inSandbox({[] { return refused(::fork()); },
                       [] { return refused(::syscall(SYS_tgkill, ::getppid(), ::getppid(), 0)); },
                       [] { return refused(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); }}),
            0);
}
#endif

TEST(Sandbox, FilesAreReadNotWrittenAndMemoryIsNeverExecutable) {
  const auto path = testing::TempDir() + "sandbox-file-" + std::to_string(::getpid());
  {
    const Fd file(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  }
  const auto map = [](int protection) {
    return ::mmap(nullptr, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  };
  EXPECT_EQ(
      inSandbox({[&] { return Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)).get() >= 0; },
                 [&] { return refused(::open(path.c_str(), O_RDWR | O_CLOEXEC)); },
                 [&] { return refused(::open(path.c_str(), O_WRONLY | O_CLOEXEC)); },
                 [&] { return refused(::open((path + "2").c_str(), O_CREAT | O_CLOEXEC, 0600)); },
                 [&] { return refused(::open(path.c_str(), O_TRUNC | O_CLOEXEC)); },
                 [&] { return refused(::chmod(path.c_str(), 0777)); },
                 [&] { return map(PROT_READ | PROT_WRITE) != MAP_FAILED; },
                 [&] { return map(PROT_READ | PROT_EXEC) == MAP_FAILED && errno == EPERM; },
                 [&] { return refused(::unlink(path.c_str())); },
                 [&] { return refused(::unlinkat(AT_FDCWD, path.c_str(), 0)); }}),
      0);
  ::unlink(path.c_str());
}

// The five capability sets of proc(5)'s status, and whether rights can be gained by execve().
TEST(Sandbox, EveryCapabilityIsGoneFromEverySet) {
  EXPECT_EQ(inSandbox({[] {
              std::ifstream status("/proc/self/status");
              int empty_sets = 0;
              bool no_new_privs = false;
              for (std::string line; std::getline(status, line);) {
                if (line.starts_with("Cap")) empty_sets += line.ends_with(":\t0000000000000000");
                no_new_privs |= line == "NoNewPrivs:\t1";
              }
              return empty_sets == 5 && no_new_privs;
            }}),
            0);
}

bool runsAReactorWithThreads() {
  SteadyClock clock;
  const auto reactor = Reactor::create(clock);
  if (!reactor.ok()) return false;
  std::thread other([&] { (*reactor)->post([&] { (*reactor)->stop(); }); });
  (*reactor)->run();
  other.join();
  return true;
}

/// What it listens on is the broker's.
bool servesTcp(const Fd& listener, uint16_t port) {
  const auto client = connectTo("127.0.0.1", port);
  const Fd accepted(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  char byte = 0;
  return client.ok() && ::send(client->get(), "x", 1, MSG_NOSIGNAL) == 1 &&
         ::recv(accepted.get(), &byte, 1, MSG_WAITALL) == 1;
}

bool splices() {
  std::array<int, 2> in{}, out{};
  if (::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0) return false;
  return ::write(in[1], "x", 1) == 1 && ::splice(in[0], nullptr, out[1], nullptr, 1, 0) == 1;
}

bool watchesAndReadsFolders() {
  const Fd inotify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (::inotify_add_watch(inotify.get(), "/etc", IN_CREATE) < 0) return false;
  std::error_code error;
  const std::filesystem::directory_iterator entries("/etc", error);
  return !error && entries != std::filesystem::directory_iterator();
}

TEST(Sandbox, TheAgentsWorkIsPossible) {
  const auto listener = listenAt("127.0.0.1");
  EXPECT_EQ(inSandbox({[&] { return servesTcp(listener.first, listener.second); },
                       [&] { return refused(::listen(listener.first.get(), 16)); },
                       runsAReactorWithThreads, splices, watchesAndReadsFolders,
                       [] { return ::raise(0) == 0; }}),
            0);
}

TEST(Sandbox, ProcessWithThreadsIsRefused) {
  std::mutex held;
  held.lock();
  std::thread other([&] { held.lock(); });
  const auto entered = enterSandbox();
  held.unlock();
  other.join();
  ASSERT_FALSE(entered.ok());
  EXPECT_EQ(entered.error().code(), Error::Code::kInvalid);
}

}  // namespace
}  // namespace sluice::broker
