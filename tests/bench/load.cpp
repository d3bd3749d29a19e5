// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/load.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "tests/support/files.h"

namespace sluice::test {

namespace {

/// Requests are made once; every other one goes to the second cluster. Prints its figures in a form
/// of its own, in microseconds.
constexpr const char* kScript = R"(local plain, beta, turn
init = function(args)
  local fields = {{["x-fill"] = string.rep("f", {0})}}
  if {1} then fields["Connection"] = "close" end
  plain = wrk.format("GET", nil, fields)
  fields["user-group"] = "beta"
  beta = wrk.format("GET", nil, fields)
  turn = false
end
request = function()
  turn = not turn
  return turn and beta or plain
end
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("FIGURES %d %d %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
    e.connect + e.read + e.write + e.status + e.timeout))
end
)";

/// A line of a request beside the filler: method, Host, and so on.
constexpr size_t kOtherBytes = 70;

struct ProcessTimes {
  pid_t parent = 0;
  uint64_t ticks = 0;
};

/// Of /proc/PID/stat; nothing when the process has gone.
std::optional<ProcessTimes> timesOf(pid_t process) {
  std::ifstream file(fmt::format("/proc/{}/stat", process));
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  // The name, in parentheses, may hold anything.
  std::istringstream rest(line.substr(line.rfind(')') + 1));
  std::string state, skipped;
  ProcessTimes times;
  uint64_t user = 0;
  uint64_t system = 0;
  rest >> state >> times.parent;
  for (int i = 0; i < 9; ++i) rest >> skipped;
  rest >> user >> system;
  times.ticks = user + system;
  return times;
}

std::vector<pid_t> withChildren(pid_t process) {
  std::vector<pid_t> all{process};
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    pid_t pid = 0;
    const auto end = name.data() + name.size();
    if (std::from_chars(name.data(), end, pid).ptr != end) continue;
    const auto times = timesOf(pid);
    if (times && times->parent == process) all.push_back(pid);
  }
  return all;
}

double cpuSeconds(pid_t process) {
  uint64_t ticks = 0;
  for (const pid_t pid : withChildren(process))
    if (const auto times = timesOf(pid)) ticks += times->ticks;
  return static_cast<double>(ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::chrono::nanoseconds microseconds(uint64_t count) { return std::chrono::microseconds(count); }

}  // namespace

Result<Sample> measure(const Lab& lab, const Load& load, const std::string& url, pid_t proxy) {
  const auto script = lab.directory() / "load.lua";
  const size_t fill = load.head_bytes > kOtherBytes ? load.head_bytes - kOtherBytes : 1;
  SLUICE_TRY(writeFile(script, fmt::format(kScript, fill, load.close)));
  const double before = cpuSeconds(proxy);
  auto finished = lab.run("web", {"wrk", "-t1", fmt::format("-c{}", load.connections),
                                  fmt::format("-d{}s", load.length.count()), "-s", script, url});
  if (!finished) return std::move(finished).error();
  const double cpu = cpuSeconds(proxy) - before;
  constexpr std::string_view kMark = "FIGURES ";
  const auto at = finished->out.find(kMark);
  std::istringstream figures(at == std::string::npos ? ""
                                                     : finished->out.substr(at + kMark.size()));
  uint64_t requests = 0, took = 0, p50 = 0, p99 = 0, p999 = 0, errors = 1;
  figures >> requests >> took >> p50 >> p99 >> p999 >> errors;
  if (requests == 0 || errors != 0)
    return Error(Error::Code::kInvalid, url + ": " + finished->out + finished->err);
  return Sample{.rate = static_cast<double>(requests) * 1e6 / static_cast<double>(took),
                .p50 = microseconds(p50),
                .p99 = microseconds(p99),
                .p999 = microseconds(p999),
                .cpu_us = cpu * 1e6 / static_cast<double>(requests)};
}

size_t residentKib(pid_t process) {
  size_t sum = 0;
  for (const pid_t pid : withChildren(process)) {
    std::ifstream file(fmt::format("/proc/{}/status", pid));
    for (std::string line; std::getline(file, line);)
      if (line.starts_with("VmRSS:")) sum += std::stoul(line.substr(6));
  }
  return sum;
}

}  // namespace sluice::test
