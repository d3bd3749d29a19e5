// SPDX-License-Identifier: Apache-2.0
#include "tests/cases/runner/parallel.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <new>

namespace sluice::test {
namespace {

/// Which case is next; shared by all processes.
class Queue {
 public:
  static Result<Queue> create() {
    void* memory =
        mmap(nullptr, sizeof(Counter), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return Error::system("map memory");
    return Queue(new (memory) Counter(0));
  }

  size_t take() { return (*next_)++; }

 private:
  using Counter = std::atomic<size_t>;
  static_assert(Counter::is_always_lock_free);
  explicit Queue(Counter* next) : next_(next) {}
  Counter* next_;  ///< for the rest of the process
};

/// A child that plays, and what it says: lines that begin with '+' or '-', passed or failed.
struct Job {
  pid_t pid = -1;
  Fd said;
  std::string unread;
};

void say(int to, const std::string& line) {
  const std::string text = line + "\n";
  // A reader that has gone takes nothing more from us either.
  [[maybe_unused]] const auto written = ::write(to, text.data(), text.size());
}

void playAll(Queue queue, const std::vector<Case>& cases, const std::filesystem::path& directory,
             const std::string& http_mode, int to) {
  auto player = Player::create(cases, directory, http_mode);
  for (size_t index = queue.take(); index < cases.size(); index = queue.take()) {
    if (!player) {
      say(to, "-FAIL " + cases[index].id + " " + cases[index].scenario + ": " +
                  player.error().message());
    } else {
      const auto verdict = player->play(cases[index]);
      say(to, (verdict.passed ? "+" : "-") + verdict.line);
    }
  }
}

Result<Job> start(const std::function<void(int to)>& work) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return Error::system("make a pipe");
  Fd said(ends[0]);
  const Fd to(ends[1]);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return Error::system("fork");
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(1);
    work(to.get());
    _exit(0);
  }
  return Job{pid, std::move(said), {}};
}

/// Takes the whole lines of what a job has said.
void score(std::string& unread, Scores& scores,
           const std::function<void(const std::string&)>& print) {
  for (size_t end = unread.find('\n'); end != std::string::npos; end = unread.find('\n')) {
    ++(unread.front() == '+' ? scores.passed : scores.failed);
    print(unread.substr(1, end - 1));
    unread.erase(0, end + 1);
  }
}

/// False when the job has ended.
bool listen(Job& job, Scores& scores, const std::function<void(const std::string&)>& print) {
  std::array<char, 4096> block{};
  const ssize_t count = read(job.said.get(), block.data(), block.size());
  if (count <= 0) return false;
  job.unread.append(block.data(), static_cast<size_t>(count));
  score(job.unread, scores, print);
  return true;
}

void listenToAll(std::vector<Job>& jobs, Scores& scores,
                 const std::function<void(const std::string&)>& print) {
  while (!jobs.empty()) {
    std::vector<pollfd> waiting;
    waiting.reserve(jobs.size());
    for (const auto& job : jobs) waiting.push_back({job.said.get(), POLLIN, 0});
    if (poll(waiting.data(), waiting.size(), -1) <= 0) continue;
    for (size_t i = jobs.size(); i-- > 0;) {
      if (waiting[i].revents == 0 || listen(jobs[i], scores, print)) continue;
      waitpid(jobs[i].pid, nullptr, 0);
      jobs.erase(jobs.begin() + static_cast<ptrdiff_t>(i));
    }
  }
}

}  // namespace

Result<Scores> playInParallel(size_t jobs, const std::vector<Case>& cases,
                              const std::filesystem::path& directory, const std::string& http_mode,
                              const std::function<void(const std::string&)>& print) {
  auto queue = Queue::create();
  if (!queue) return std::move(queue).error();
  std::vector<Job> running;
  for (size_t i = 0; i < std::min(jobs, cases.size()); ++i) {
    auto job = start([&](int to) { playAll(*queue, cases, directory, http_mode, to); });
    if (!job) return std::move(job).error();
    running.push_back(*std::move(job));
  }
  Scores scores;
  listenToAll(running, scores, print);
  // A job that died took its case with it.
  scores.failed = cases.size() - scores.passed;
  return scores;
}

}  // namespace sluice::test
