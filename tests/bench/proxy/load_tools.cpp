// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/proxy/load_tools.h"

#include <fmt/format.h>

#include <sstream>

namespace sluice::test {

namespace {

/// Requests are made once; every other one goes to the second cluster. Prints its figures in a form
/// of its own: requests, microseconds, errors, then each latency in microseconds and how often.
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
  io.write(string.format("FIGURES %d %d %d", summary.requests, summary.duration,
    e.connect + e.read + e.write + e.status + e.timeout))
  for i = 1, #latency do io.write(string.format(" %d %d", latency(i))) end
  io.write("\n")
end
)";

/// Of a request beside the filler: method, Host, and so on.
constexpr size_t kOtherBytes = 70;

/// The text between `before` and the next `after`; empty when it is not there.
std::string_view between(std::string_view text, std::string_view before, std::string_view after) {
  const size_t at = text.find(before);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + before.size());
  return text.substr(0, text.find(after));
}

/// The last number in front of `word`: 7 of "3 failed, 7 errored" for "errored".
double numberBefore(std::string_view text, std::string_view word) {
  const size_t end = text.find(word);
  if (end == std::string_view::npos) return 0;
  text = text.substr(0, end);
  text.remove_suffix(text.size() - 1 - text.find_last_not_of(' '));
  const size_t begin = text.find_last_of(" ,");
  std::istringstream number{std::string(text.substr(begin + 1))};
  double value = 0;
  number >> value;
  return value;
}

Error unusable(std::string_view tool, std::string_view output) {
  return Error(Error::Code::kInvalid, fmt::format("{}: {}", tool, output));
}

}  // namespace

std::string pathOf(const Load& load) {
  return load.protocol == Protocol::kGrpc ? "/bench.Echo/Say"
                                          : fmt::format("/{}", load.response_bytes);
}

std::string Wrk::script(const Load& load) {
  const size_t fill = load.head_bytes > kOtherBytes ? load.head_bytes - kOtherBytes : 1;
  return fmt::format(kScript, fill, load.close);
}

Arguments Wrk::command(const Load& load, int connections, const std::string& url,
                       const std::filesystem::path& script) {
  return {"wrk",
          "-t1",
          fmt::format("-c{}", connections),
          fmt::format("-d{}s", load.length.count()),
          "-s",
          script,
          url + pathOf(load)};
}

Result<Outcome> Wrk::parse(std::string_view output) {
  std::istringstream figures{std::string(between(output, "FIGURES ", "\n"))};
  Outcome outcome;
  uint64_t microseconds = 0, errors = 1;
  figures >> outcome.requests >> microseconds >> errors;
  if (outcome.requests == 0 || microseconds == 0 || errors != 0) return unusable("wrk", output);
  outcome.rate = static_cast<double>(outcome.requests) * 1e6 / static_cast<double>(microseconds);
  for (uint64_t latency = 0, times = 0; figures >> latency >> times;)
    outcome.latencies.add(latency, times);
  return outcome;
}

Arguments H2load::command(const Load& load, int connections, const std::string& url, bool beta,
                          const Files& files) {
  Arguments argv{"h2load",
                 "-t1",
                 fmt::format("-c{}", connections),
                 fmt::format("-m{}", load.streams),
                 fmt::format("-D{}", load.length.count()),
                 "--log-file=" + files.log.string()};
  if (beta) argv.insert(argv.end(), {"-H", "user-group: beta"});
  if (load.protocol == Protocol::kGrpc)
    argv.insert(argv.end(), {"-H", "content-type: application/grpc", "-H", "te: trailers", "-d",
                             files.body.string()});
  argv.push_back(url + pathOf(load));
  return argv;
}

Result<Outcome> H2load::parse(std::string_view output, std::string_view log) {
  const auto counts = between(output, "\nrequests: ", "\n");
  Outcome outcome;
  outcome.rate = numberBefore(between(output, "finished in ", "\n"), "req/s");
  if (numberBefore(counts, "failed") + numberBefore(counts, "errored") != 0)
    return unusable("h2load", output);
  std::istringstream lines{std::string(log)};
  uint64_t started = 0, microseconds = 0;
  for (int status = 0; lines >> started >> status >> microseconds;) {
    if (status < 200 || status > 299) return unusable("h2load", fmt::format("status {}", status));
    outcome.latencies.add(microseconds);
  }
  outcome.requests = outcome.latencies.count();
  if (outcome.requests == 0 || outcome.rate <= 0) return unusable("h2load", output);
  return outcome;
}

}  // namespace sluice::test
