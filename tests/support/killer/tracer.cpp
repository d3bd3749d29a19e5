// SPDX-License-Identifier: Apache-2.0
#include "tests/support/killer/tracer.h"

#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <fstream>

namespace sluice::test {
namespace {

constexpr int kSystemCallStop = SIGTRAP | 0x80;  // by PTRACE_O_TRACESYSGOOD
constexpr long kOptions =
    PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK;

/// Its name when the call is a step; null when nobody else can see what it does.
const char* nameOfStep(const __ptrace_syscall_info& call) {
  switch (call.entry.nr) {
    case SYS_bpf:
      return "bpf";
    case SYS_sendmsg:
      return "sendmsg";
    case SYS_sendto:
      return "sendto";
    case SYS_socket:
      return "socket";
    case SYS_bind:
      return "bind";
    case SYS_listen:
      return "listen";
    case SYS_setns:
      return "setns";
    case SYS_clone:
      return "clone";
    case SYS_clone3:
      return "clone3";
    case SYS_execve:
      return "execve";
    case SYS_mkdir:
      return "mkdir";
    case SYS_mkdirat:
      return "mkdirat";
    case SYS_rmdir:
      return "rmdir";
    case SYS_rename:
      return "rename";
    case SYS_renameat:
      return "renameat";
    case SYS_renameat2:
      return "renameat2";
    case SYS_unlink:
      return "unlink";
    case SYS_unlinkat:
      return "unlinkat";
    case SYS_mmap:
      return (call.entry.args[3] & MAP_SHARED) != 0 ? "mmap" : nullptr;
    default:
      return nullptr;
  }
}

/// Puts it back to running, until its next system call.
Result<void> resume(pid_t thread, int signal) {
  if (::ptrace(PTRACE_SYSCALL, thread, nullptr, signal) == 0 || errno == ESRCH) return {};
  return Error::system("ptrace: resume");
}

/// What a stop hands on to the thread: a signal that was sent to it, and nothing else.
int signalOf(int status) {
  const bool event = status >> 16 != 0;
  return event || WSTOPSIG(status) == kSystemCallStop ? 0 : WSTOPSIG(status);
}

}  // namespace

Result<Tracer> Tracer::seize(const Victim& victim) {
  const auto tasks = std::filesystem::path("/proc") / std::to_string(victim.process) / "task";
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator(tasks, error)) {
    const pid_t thread = std::stoi(task.path().filename());
    if (::ptrace(PTRACE_SEIZE, thread, nullptr, kOptions) != 0 ||
        ::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr) != 0)
      return Error::system("ptrace: seize");
  }
  if (error) return Error::system("list " + tasks.string(), error.value());
  if (::kill(victim.process, SIGCONT) != 0) return Error::system("wake the process");
  return Tracer(victim);
}

Result<bool> Tracer::go() {
  int status = 0;
  for (pid_t thread = 0; (thread = ::waitpid(-1, &status, WNOHANG | __WALL)) > 0;) {
    if (!WIFSTOPPED(status)) {
      processes_.erase(thread);
      continue;
    }
    auto killed = stopped(thread, status);
    if (!killed || *killed) return killed;
  }
  return false;
}

Result<bool> Tracer::stopped(pid_t thread, int status) {
  if (WSTOPSIG(status) == kSystemCallStop && countStep(thread) && steps_ == victim_.at) {
    if (::kill(processOf(thread), SIGKILL) != 0) return Error::system("kill");
    return true;
  }
  SLUICE_TRY(resume(thread, signalOf(status)));
  return false;
}

bool Tracer::countStep(pid_t thread) {
  __ptrace_syscall_info call{};
  if (::ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof call, &call) <= 0) return false;
  const char* name = call.op == PTRACE_SYSCALL_INFO_ENTRY ? nameOfStep(call) : nullptr;
  if (name == nullptr || (processOf(thread) != victim_.process) != victim_.children) return false;
  if (!victim_.of.empty() && victim_.of != name) return false;
  ++steps_;
  step_ = name;
  return true;
}

pid_t Tracer::processOf(pid_t thread) {
  pid_t& process = processes_[thread];
  std::ifstream status("/proc/" + std::to_string(thread) + "/status");
  for (std::string field; process == 0 && status >> field;)
    if (field == "Tgid:") status >> process;
  return process;
}

}  // namespace sluice::test
