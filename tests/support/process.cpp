// SPDX-License-Identifier: Apache-2.0
#include "tests/support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <iterator>
#include <optional>
#include <utility>

namespace sluice::test {
namespace {

constexpr int kCannotStart = 127;

struct Pipe {
  Fd read, write;
};

Result<Pipe> makePipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return Error::system("make a pipe");
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

int millisecondsUntil(TimePoint deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<int64_t>(left.count(), 0, 1'000'000));
}

/// Appends what is there to read; false at the end of the stream.
bool readSome(const Fd& fd, std::string& text) {
  std::array<char, 65536> block{};
  const ssize_t count = read(fd.get(), block.data(), block.size());
  if (count > 0) text.append(block.data(), static_cast<size_t>(count));
  return count > 0 || (count < 0 && errno == EINTR);
}

/// False when nothing can be read before `deadline`.
bool waitReadable(const Fd& fd, TimePoint deadline) {
  pollfd poll_fd{fd.get(), POLLIN, 0};
  return poll(&poll_fd, 1, millisecondsUntil(deadline)) > 0;
}

// glibc 2.36 declares pidfd_open() and pidfd_send_signal() without extern "C".
int openPidfd(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

long sendSignal(const Fd& pidfd, int number) {
  return syscall(SYS_pidfd_send_signal, pidfd.get(), number, nullptr, 0);
}

int shellStatus(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

/// In a new child: dies with `parent`, also when that has died already.
void followParent(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(kCannotStart);
}

void say(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(fd, text.data(), text.size());
    if (count <= 0) return;
    text.remove_prefix(static_cast<size_t>(count));
  }
}

/// The child's ends of its standard streams; an empty one is inherited.
struct Streams {
  Fd in, out, err;
};

void takeStreams(const Streams& streams) {
  if (streams.in) dup2(streams.in.get(), STDIN_FILENO);
  if (streams.out) dup2(streams.out.get(), STDOUT_FILENO);
  if (streams.err) dup2(streams.err.get(), STDERR_FILENO);
}

/// Ends the child with "`what``whom`: why", without allocating.
[[noreturn]] void giveUp(const char* what, const char* whom) {
  const char* why = strerrordesc_np(errno);
  for (const char* part : {what, whom, ": ", why != nullptr ? why : "?", "\n"})
    say(STDERR_FILENO, part);
  _exit(kCannotStart);
}

/// Allocates nothing, see Entrance.
[[noreturn]] void become(const Entrance* entrance, std::vector<char*>& argv,
                         const Streams& streams) {
  takeStreams(streams);
  if (entrance != nullptr)
    if (const char* failed = entrance->take()) giveUp(failed, "");
  execvp(argv[0], argv.data());
  giveUp("start ", argv[0]);
}

std::string joined(const Arguments& argv) {
  std::string text;
  for (const auto& argument : argv) text += (text.empty() ? "" : " ") + argument;
  return text;
}

}  // namespace

/// Makes processes; apart from Process so that forking is in one place.
class Launcher {
 public:
  /// `ours`: the other ends of the child's streams.
  static Result<Process> fork(Streams ours, const std::function<void()>& child) {
    const pid_t parent = getpid();
    const pid_t pid = ::fork();
    if (pid < 0) return Error::system("fork");
    if (pid == 0) {
      followParent(parent);
      child();
      _exit(kCannotStart);
    }
    Fd pidfd(openPidfd(pid));
    if (!pidfd) return Error::system("watch process " + std::to_string(pid));
    return Process(pid, std::move(pidfd), std::move(ours.in), std::move(ours.out),
                   std::move(ours.err));
  }

  static Result<Process> start(const Place* place, const Arguments& argv, Streams ours,
                               const Streams& theirs) {
    std::vector<char*> pointers;
    for (const auto& argument : argv) pointers.push_back(const_cast<char*>(argument.c_str()));
    pointers.push_back(nullptr);
    std::optional<Entrance> entrance;
    if (place != nullptr) {
      auto opened = Entrance::of(*place);
      if (!opened) return std::move(opened).error();
      entrance = *std::move(opened);
    }
    return fork(std::move(ours),
                [&] { become(entrance ? &*entrance : nullptr, pointers, theirs); });
  }

  static Result<Finished> finish(Process process, Duration longest) {
    return process.finish(longest);
  }
};

Process::Process(pid_t pid, Fd pidfd, Fd in, Fd out, Fd err)
    : pid_(pid),
      pidfd_(std::move(pidfd)),
      in_(std::move(in)),
      out_(std::move(out)),
      err_(std::move(err)) {}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      status_(other.status_),
      pidfd_(std::move(other.pidfd_)),
      in_(std::move(other.in_)),
      out_(std::move(other.out_)),
      err_(std::move(other.err_)),
      unread_(std::move(other.unread_)) {}

Process& Process::operator=(Process&& other) noexcept {
  Process old(std::move(*this));
  pid_ = std::exchange(other.pid_, -1);
  status_ = other.status_;
  pidfd_ = std::move(other.pidfd_);
  in_ = std::move(other.in_);
  out_ = std::move(other.out_);
  err_ = std::move(other.err_);
  unread_ = std::move(other.unread_);
  return *this;
}

Process::~Process() {
  if (pid_ < 0) return;
  sendSignal(pidfd_, SIGKILL);
  reap();
}

void Process::reap() {
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  status_ = shellStatus(status);
  pid_ = -1;
}

Result<void> Process::signal(int number) {
  if (pid_ < 0) return Error(Error::Code::kNotFound, "the process has ended");
  if (sendSignal(pidfd_, number) != 0)
    return Error::system("signal process " + std::to_string(pid_));
  return {};
}

bool Process::running() const { return pid_ >= 0 && !waitReadable(pidfd_, {}); }

Result<int> Process::wait(Duration longest) {
  if (pid_ < 0) return status_;
  if (!waitReadable(pidfd_, std::chrono::steady_clock::now() + longest))
    return Error(Error::Code::kUnavailable, "process " + std::to_string(pid_) + " still runs");
  reap();
  return status_;
}

Result<std::string> Process::readLine(Duration longest) {
  const auto deadline = std::chrono::steady_clock::now() + longest;
  while (unread_.find('\n') == std::string::npos) {
    if (!waitReadable(out_, deadline))
      return Error(Error::Code::kUnavailable, "no line was printed in time");
    if (!readSome(out_, unread_))
      return Error(Error::Code::kUnavailable, "the program ended without another line");
  }
  const size_t end = unread_.find('\n');
  std::string line = unread_.substr(0, end);
  unread_.erase(0, end + 1);
  return line;
}

Result<void> Process::writeLine(std::string_view line) {
  std::string text(line);
  text += '\n';
  std::string_view left = text;
  while (!left.empty()) {
    const ssize_t count = write(in_.get(), left.data(), left.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error::system("write to process " + std::to_string(pid_));
    left.remove_prefix(static_cast<size_t>(count));
  }
  return {};
}

Result<Finished> Process::finish(Duration longest) {
  const auto deadline = std::chrono::steady_clock::now() + longest;
  Finished finished;
  while (out_ || err_) {
    std::array<pollfd, 2> fds{{{out_.get(), POLLIN, 0}, {err_.get(), POLLIN, 0}}};
    if (poll(fds.data(), fds.size(), millisecondsUntil(deadline)) == 0)
      return Error(Error::Code::kUnavailable, "it did not end in time");
    if (fds[0].revents != 0 && !readSome(out_, finished.out)) out_.reset();
    if (fds[1].revents != 0 && !readSome(err_, finished.err)) err_.reset();
  }
  auto status = wait(deadline - std::chrono::steady_clock::now());
  if (!status) return std::move(status).error();
  finished.status = *status;
  return finished;
}

namespace {

/// Adds a pipe that the child writes to.
Result<void> addPipe(Fd Streams::* stream, Streams& ours, Streams& theirs) {
  auto made = makePipe();
  if (!made) return std::move(made).error();
  ours.*stream = std::move(made->read);
  theirs.*stream = std::move(made->write);
  return {};
}

Result<void> addInput(Streams& ours, Streams& theirs) {
  auto made = makePipe();
  if (!made) return std::move(made).error();
  ours.in = std::move(made->write);
  theirs.in = std::move(made->read);
  return {};
}

}  // namespace

Result<Process> spawn(const Place* place, const Arguments& argv, Output output) {
  Streams ours;
  Streams theirs;
  if (output != Output::kInherit) SLUICE_TRY(addPipe(&Streams::out, ours, theirs));
  if (output == Output::kTalk) SLUICE_TRY(addInput(ours, theirs));
  return Launcher::start(place, argv, std::move(ours), theirs);
}

Result<Process> spawnInto(const std::filesystem::path& file, const Place* place,
                          const Arguments& argv) {
  Streams theirs;
  theirs.out.reset(
      open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR));
  theirs.err.reset(theirs.out ? fcntl(theirs.out.get(), F_DUPFD_CLOEXEC, 0) : -1);
  if (!theirs.err) return Error::system("open " + file.string());
  return Launcher::start(place, argv, {}, theirs);
}

Result<Finished> run(const Place* place, const Arguments& argv, Duration longest) {
  Streams ours;
  Streams theirs;
  SLUICE_TRY(addPipe(&Streams::out, ours, theirs));
  SLUICE_TRY(addPipe(&Streams::err, ours, theirs));
  auto process = Launcher::start(place, argv, std::move(ours), theirs);
  if (!process) return std::move(process).error();
  theirs = {};  // the pipes end with the child's copies
  auto finished = Launcher::finish(*std::move(process), longest);
  if (!finished) return std::move(finished).error().in(joined(argv));
  return finished;
}

Result<std::string> runChecked(const Arguments& argv) {
  auto finished = run(nullptr, argv);
  if (!finished) return std::move(finished).error();
  if (finished->status != 0)
    return Error(Error::Code::kSystem, joined(argv) + ": status " +
                                           std::to_string(finished->status) + ": " + finished->err);
  return std::move(finished->out);
}

namespace {

/// ThreadSanitizer's own thread is no reason not to fork.
bool hasOtherThreads() {
#ifdef __SANITIZE_THREAD__
  return false;
#else
  const std::filesystem::directory_iterator threads("/proc/self/task");
  return std::distance(begin(threads), end(threads)) > 1;
#endif
}

}  // namespace

Result<Inside> Inside::start(const Place& place, const Body& body) {
  if (hasOtherThreads())
    return Error(Error::Code::kUnsupported, "fork for " + place.name + " beside other threads");
  Streams ours;
  Streams theirs;
  SLUICE_TRY(addPipe(&Streams::out, ours, theirs));
  SLUICE_TRY(addPipe(&Streams::err, ours, theirs));
  auto child = [&] {
    auto entered = place.enter();
    auto result = entered ? body() : Result<std::string>(std::move(entered).error());
    say(result ? theirs.out.get() : theirs.err.get(), result ? *result : result.error().message());
    _exit(result ? 0 : 1);
  };
  // With this function its own copies of the child's ends go: the pipes end with the child's.
  auto process = Launcher::fork(std::move(ours), child);
  if (!process) return std::move(process).error();
  return Inside(place.name, *std::move(process));
}

Result<std::string> Inside::wait(Duration longest) {
  auto finished = Launcher::finish(std::move(process_), longest);
  if (!finished) return std::move(finished).error().in("in " + place_);
  if (finished->status != 0)
    return Error(
        Error::Code::kSystem,
        "in " + place_ + ": " +
            (finished->err.empty() ? "ended with status " + std::to_string(finished->status)
                                   : finished->err));
  return std::move(finished->out);
}

Result<std::string> inside(const Place& place, const Inside::Body& body) {
  auto started = Inside::start(place, body);
  if (!started) return std::move(started).error();
  return started->wait();
}

}  // namespace sluice::test
