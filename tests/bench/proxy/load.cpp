// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/proxy/load.h"

#include <fmt/format.h>

#include <thread>
#include <utility>

#include "tests/bench/proxy/usage.h"
#include "tests/support/files.h"

namespace sluice::test {

namespace fs = std::filesystem;

namespace {

constexpr const char* kScript = "load.lua";
constexpr const char* kBody = "grpc-request";

H2load::Files filesOf(const fs::path& directory, size_t client) {
  return {directory / fmt::format("h2load-{}.log", client), directory / kBody};
}

struct Clients {
  const fs::path& directory;
  const Load& load;
  bool beta;

  Result<Process> start(const Contender& contender, size_t index) const {
    const Target& target = contender.targets[index];
    const int share = load.connections / static_cast<int>(contender.targets.size());
    if (load.protocol == Protocol::kHttp1)
      return spawn(&target.client, Wrk::command(load, share, target.url(), directory / kScript),
                   Output::kPipe);
    const auto files = filesOf(directory, index);
    fs::remove(files.log);
    return spawn(&target.client, H2load::command(load, share, target.url(), beta, files),
                 Output::kPipe);
  }

  Result<Outcome> finish(Process& process, size_t index) const {
    auto output = readToEnd(process);
    if (!output) return std::move(output).error();
    if (load.protocol == Protocol::kHttp1) return Wrk::parse(*output);
    auto log = readFile(filesOf(directory, index).log);
    if (!log) return std::move(log).error();
    return H2load::parse(*output, *log);
  }

 private:
  Result<std::string> readToEnd(Process& process) const {
    const auto longest = load.length + std::chrono::seconds(30);
    std::string text;
    for (auto line = process.readLine(longest); line; line = process.readLine(longest))
      text += *line + "\n";
    auto status = process.wait(longest);
    if (!status) return std::move(status).error();
    return text;
  }
};

/// What all clients saw.
Result<Outcome> loadOnce(const Clients& clients, const Contender& contender) {
  std::vector<Process> processes;
  for (size_t i = 0; i < contender.targets.size(); ++i) {
    auto process = clients.start(contender, i);
    if (!process) return std::move(process).error();
    processes.push_back(*std::move(process));
  }
  Outcome all;
  for (size_t i = 0; i < processes.size(); ++i) {
    auto one = clients.finish(processes[i], i);
    if (!one) return std::move(one).error();
    all.requests += one->requests;
    all.rate += one->rate;
    all.latencies.add(one->latencies);
  }
  return all;
}

Arguments curl(const fs::path& directory, const Target& target, const Load& load,
               const char* group) {
  Arguments argv{"curl", "-s",
                 "-H",   fmt::format("user-group: {}", group),
                 "-w",   "%{http_code} %{size_download} %header{x-version}"};
  if (load.protocol != Protocol::kHttp1) argv.emplace_back("--http2-prior-knowledge");
  if (load.protocol == Protocol::kGrpc)
    // Trailers are shown where the body is, or not at all.
    argv.insert(argv.end(), {"-i", "-H", "content-type: application/grpc", "-H", "te: trailers",
                             "--data-binary", "@" + (directory / kBody).string()});
  else
    argv.insert(argv.end(), {"-o", "/dev/null"});
  argv.push_back(target.url() + pathOf(load));
  return argv;
}

Result<void> checkOne(const fs::path& directory, const Target& target, const Load& load,
                      const char* group, const char* version) {
  const auto answer = run(&target.client, curl(directory, target, load, group));
  if (!answer) return answer.error();
  const bool grpc = load.protocol == Protocol::kGrpc;
  const size_t size = load.response_bytes + (grpc ? kGrpcPrefix : 0);
  const bool right = answer->out.ends_with(fmt::format("200 {} {}", size, version));
  const bool ended = !grpc || answer->out.find("grpc-status: 0") != std::string::npos;
  if (right && ended) return {};
  return Error(Error::Code::kInvalid, fmt::format("answers a request of group {} with: {}{}", group,
                                                  answer->out, answer->err));
}

}  // namespace

Result<Sample> measure(const fs::path& directory, const Contender& contender, const Load& load,
                       int round) {
  const double before = cpuSeconds(contender.processes);
  auto outcome = loadOnce({directory, load, round % 2 == 1}, contender);
  if (!outcome) return std::move(outcome).error();
  const double cpu = cpuSeconds(contender.processes) - before;
  const auto percentile = [&](double percent) {
    return static_cast<double>(outcome->latencies.percentile(percent));
  };
  return Sample{.rate = outcome->rate,
                .p50 = percentile(50),
                .p99 = percentile(99),
                .p999 = percentile(99.9),
                .cpu = cpu * 1e6 / static_cast<double>(outcome->requests)};
}

Result<void> check(const fs::path& directory, const Contender& contender, const Load& load) {
  for (const auto& target : contender.targets)
    for (const auto& [group, version] : {std::pair{"beta", "v2"}, {"others", "v1"}})
      SLUICE_TRY(checkOne(directory, target, load, group, version));
  return {};
}

Result<void> waitUntilAnswering(const Target& target, Protocol protocol) {
  Arguments argv{"curl", "-sf", "-o", "/dev/null", target.url() + "/100"};
  if (protocol != Protocol::kHttp1) argv.emplace_back("--http2-prior-knowledge");
  for (int i = 0; i < 100; ++i) {
    const auto answer = run(&target.client, argv);
    if (answer.ok() && answer->status == 0) return {};
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return Error(Error::Code::kUnavailable, "nobody answers on " + target.url());
}

// Not compressed; then the length in four bytes, most significant first.
std::string grpcMessage(size_t length) {
  return std::string(kGrpcPrefix - 1, '\0') + static_cast<char>(length) + std::string(length, 'q');
}

Result<void> writeLoadFiles(const fs::path& directory, const Load& load) {
  SLUICE_TRY(writeFile(directory / kScript, Wrk::script(load)));
  return writeFile(directory / kBody, grpcMessage(100));
}

}  // namespace sluice::test
