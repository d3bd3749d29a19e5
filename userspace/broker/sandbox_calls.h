// SPDX-License-Identifier: Apache-2.0
// The system calls of the agent, and why it needs them. The only list of them.
#pragma once

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <termios.h>

#include <array>
#include <cstdint>

namespace sluice::broker {

// Memory: malloc, thread stacks; mapped files and tables (mmap and mprotect are limited below).
// Threads: starting, ending, waiting, naming, scheduling (clone is limited below).
// Event loop: epoll, eventfd, timers, signals as descriptors; poll for the C library.
// Sockets: of the proxy, to name servers; those to listen on are the broker's (recvmsg).
// Bytes: between sockets, and through pipes for splice.
// Files: reading configuration and /proc, watching it.
// The process: clocks, random seeds, its own ids and limits, signal handlers, ending.
constexpr auto kAllowedCalls = std::to_array({
    // memory
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(mincore),
    // threads
    SCMP_SYS(futex),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(set_tid_address),
    SCMP_SYS(gettid),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_setaffinity),
    SCMP_SYS(getcpu),
    SCMP_SYS(membarrier),
    SCMP_SYS(exit),
    // event loop
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_pwait2),
    SCMP_SYS(eventfd2),
    SCMP_SYS(timerfd_create),
    SCMP_SYS(timerfd_settime),
    SCMP_SYS(signalfd4),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    // sockets
    SCMP_SYS(socketpair),
    SCMP_SYS(accept4),
    SCMP_SYS(connect),
    SCMP_SYS(shutdown),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt),
    // bytes
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(pread64),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendto),
    SCMP_SYS(sendmsg),
    SCMP_SYS(splice),
    SCMP_SYS(sendfile),
    SCMP_SYS(pipe2),
    // files
    SCMP_SYS(close),
    SCMP_SYS(lseek),
    SCMP_SYS(stat),
    SCMP_SYS(lstat),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(statfs),
    SCMP_SYS(fstatfs),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(getdents64),
    SCMP_SYS(getcwd),
    SCMP_SYS(inotify_init1),
    SCMP_SYS(inotify_add_watch),
    SCMP_SYS(inotify_rm_watch),
    SCMP_SYS(dup),
    SCMP_SYS(dup3),
    SCMP_SYS(fcntl),
    // the process
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(getrandom),
    SCMP_SYS(getpid),
    SCMP_SYS(getppid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(getrusage),
    SCMP_SYS(sysinfo),
    SCMP_SYS(uname),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigtimedwait),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(exit_group),
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    // the sanitizers: their leak check is a thread that stops the others
    SCMP_SYS(ptrace),
    SCMP_SYS(wait4),
    SCMP_SYS(open),
    SCMP_SYS(personality),
    SCMP_SYS(clone),
    SCMP_SYS(tgkill),
    SCMP_SYS(prctl),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(dup2),
#endif
});

/// A call that is allowed when (argument & mask) == value.
struct LimitedCall {
  int call;
  unsigned argument;  ///< from 0
  uint64_t mask;
  uint64_t value;
};

constexpr uint64_t kWhole = ~uint64_t{0};
constexpr uint64_t kWriting = O_ACCMODE | O_CREAT | O_TRUNC;
constexpr uint64_t kThread = CLONE_VM | CLONE_THREAD;
constexpr uint64_t kNamespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                 CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

constexpr auto kLimitedCalls = std::to_array<LimitedCall>({
    // Files only for reading: the agent may own files that it has no business to change.
    {SCMP_SYS(open), 1, kWriting, O_RDONLY},
    {SCMP_SYS(openat), 2, kWriting, O_RDONLY},
    // Memory never executable: all code is loaded by now.
    {SCMP_SYS(mmap), 2, PROT_EXEC, 0},
    {SCMP_SYS(mprotect), 2, PROT_EXEC, 0},
    // Threads, not processes.
    {SCMP_SYS(clone), 0, kThread | kNamespaces, kThread},
    // TCP, and UDP to name servers. No local sockets but those that it was given: root's others,
    // that by which a sluiced hands over its place among them, ask only who the user is.
    {SCMP_SYS(socket), 0, kWhole, AF_INET},
    {SCMP_SYS(socket), 0, kWhole, AF_INET6},
    // Elements of the tables that the broker handed over; making or loading anything is not.
    {SCMP_SYS(bpf), 0, kWhole, BPF_MAP_LOOKUP_ELEM},
    {SCMP_SYS(bpf), 0, kWhole, BPF_MAP_UPDATE_ELEM},
    {SCMP_SYS(bpf), 0, kWhole, BPF_MAP_DELETE_ELEM},
    {SCMP_SYS(bpf), 0, kWhole, BPF_MAP_GET_NEXT_KEY},
    {SCMP_SYS(bpf), 0, kWhole, BPF_MAP_LOOKUP_BATCH},
    // Sockets' fill levels and modes; isatty().
    {SCMP_SYS(ioctl), 1, kWhole, FIONREAD},
    {SCMP_SYS(ioctl), 1, kWhole, FIONBIO},
    {SCMP_SYS(ioctl), 1, kWhole, TIOCOUTQ},
    {SCMP_SYS(ioctl), 1, kWhole, TCGETS},
    // Names of threads.
    {SCMP_SYS(prctl), 0, kWhole, PR_SET_NAME},
    // Its own limits, not another process's.
    {SCMP_SYS(prlimit64), 0, kWhole, 0},
});

}  // namespace sluice::broker
