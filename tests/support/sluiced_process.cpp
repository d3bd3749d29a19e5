// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sluiced_process.h"

#include <sys/wait.h>

#include <algorithm>
#include <cctype>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "tests/support/programs.h"

namespace sluice::test {
namespace {

constexpr auto kLongestStop = std::chrono::seconds(30);
constexpr auto kLongestTakeOver = std::chrono::seconds(90);

Error failed(const std::string& what, const Finished& finished) {
  return Error(Error::Code::kSystem, what + ": status " + std::to_string(finished.status) + ": " +
                                         finished.out + finished.err);
}

Result<void> killNow(pid_t pid) {
  if (::kill(pid, SIGKILL) != 0) return Error::system("kill " + std::to_string(pid));
  return {};
}

std::string programOf(Version version) {
  if (version == Version::kThis) return programPath("sluiced");
  const char* given = std::getenv("SLUICE_OTHER_SLUICED");
  return given == nullptr ? programPath("sluiced-other") : given;
}

Result<Process> spawnHeld(const Lab& lab, const Arguments& argv) {
  Arguments held = {"sh", "-c", "kill -STOP $$; exec \"$@\"", "sh"};
  held.insert(held.end(), argv.begin(), argv.end());
  auto process = lab.spawn("node", held);
  if (!process) return process;
  siginfo_t stopped{};
  const auto id = static_cast<id_t>(process->pid());
  if (::waitid(P_PID, id, &stopped, WSTOPPED | WEXITED | WNOWAIT) != 0 ||
      stopped.si_code != CLD_STOPPED)
    return Error(Error::Code::kSystem, "sluiced does not wait to be started");
  return process;
}

}  // namespace

size_t pinnedVersions(const Lab& lab) {
  std::error_code none;
  const std::filesystem::directory_iterator pins(lab.bpffs() / "sluice", none);
  return static_cast<size_t>(std::count_if(begin(pins), end(pins), [](const auto& entry) {
    return std::isdigit(entry.path().filename().native().front()) != 0;
  }));
}

SluicedProcess::SluicedProcess(const Lab& lab, Arguments argv, Process process)
    : lab_(&lab), argv_(std::move(argv)), process_(std::move(process)) {}

Arguments SluicedProcess::arguments(const Lab& lab, const Arguments& more) {
  Arguments argv = {programOf(Version::kThis), "--config", lab.configDirectory(), "--pin-root",
                    lab.bpffs() / "sluice",    "--socket", lab.adminSocket(),     "--metrics",
                    "127.0.0.1:15020"};
  argv.insert(argv.end(), more.begin(), more.end());
  return argv;
}

Result<SluicedProcess> SluicedProcess::start(const Lab& lab, const Arguments& more_arguments) {
  auto argv = arguments(lab, more_arguments);
  auto process = lab.spawn("node", argv);
  if (!process) return std::move(process).error();
  SluicedProcess sluiced(lab, std::move(argv), *std::move(process));
  SLUICE_TRY(sluiced.waitReady());
  return sluiced;
}

Result<SluicedProcess> SluicedProcess::startInto(const std::filesystem::path& file, const Lab& lab,
                                                 const Arguments& more_arguments) {
  auto argv = arguments(lab, more_arguments);
  auto process = spawnInto(file, &lab.host("node"), argv);
  if (!process) return std::move(process).error();
  SluicedProcess sluiced(lab, std::move(argv), *std::move(process));
  SLUICE_TRY(sluiced.waitReady());
  return sluiced;
}

Result<void> SluicedProcess::uninstall(const Lab& lab) {
  auto done =
      lab.run("node", {programPath("sluiced"), "uninstall", "--pin-root", lab.bpffs() / "sluice"});
  if (!done) return std::move(done).error();
  if (done->status != 0) return failed("sluiced uninstall", *done);
  return {};
}

Result<void> SluicedProcess::waitReady() {
  // It waits for the socket, too.
  auto applied = waitApplied();
  if (applied) return {};
  if (auto ended = process_.wait({}); ended.ok())
    return Error(Error::Code::kSystem, "sluiced ended with status " + std::to_string(*ended));
  return applied;
}

Result<void> SluicedProcess::waitApplied() const {
  auto asked = ctl({"status", "--wait=30s"});
  if (!asked) return std::move(asked).error();
  if (asked->status != 0) return failed("sluicectl status --wait", *asked);
  return {};
}

Result<nlohmann::json> SluicedProcess::status() const {
  auto asked = ctl({"status", "-o", "json"});
  if (!asked) return std::move(asked).error();
  auto json = nlohmann::json::parse(asked->out, nullptr, false);
  if (json.is_discarded()) return failed("sluicectl status -o json", *asked);
  return json;
}

Result<Finished> SluicedProcess::ctl(const Arguments& arguments) const {
  Arguments argv = {programPath("sluicectl"), "--socket", lab_->adminSocket()};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return test::run(nullptr, argv);
}

Result<pid_t> SluicedProcess::pidOf(const std::string& field) const {
  auto json = status();
  if (!json) return std::move(json).error();
  const auto found = json->find(field);
  if (found == json->end() || !found->is_number_integer() || found->get<pid_t>() <= 0)
    return Error(Error::Code::kNotFound, "sluicectl status has no " + field + ": " + json->dump());
  return found->get<pid_t>();
}

Result<void> SluicedProcess::killAgent() const {
  auto agent = agentPid();
  if (!agent) return std::move(agent).error();
  return killNow(*agent);
}

Result<void> SluicedProcess::killBoth() {
  auto agent = agentPid();
  if (!agent) return std::move(agent).error();
  SLUICE_TRY(kill());
  // The agent may have followed its broker already.
  auto killed = killNow(*agent);
  if (!killed && killed.error().errnum() != ESRCH) return killed;
  return {};
}

Result<void> SluicedProcess::kill() {
  if (process_.running()) SLUICE_TRY(process_.signal(SIGKILL));
  if (auto ended = process_.wait(kLongestStop); !ended) return std::move(ended).error();
  return {};
}

Result<void> SluicedProcess::stop() {
  SLUICE_TRY(process_.signal(SIGTERM));
  auto ended = process_.wait(kLongestStop);
  if (!ended) return std::move(ended).error().in("stop sluiced");
  return {};
}

Result<void> SluicedProcess::startAgain() {
  auto process = lab_->spawn("node", argv_);
  if (!process) return std::move(process).error();
  process_ = *std::move(process);
  SLUICE_TRY(waitReady());
  return waitSteering();
}

Result<pid_t> SluicedProcess::startHeld() {
  auto process = spawnHeld(*lab_, argv_);
  if (!process) return std::move(process).error();
  process_ = *std::move(process);
  return process_.pid();
}

void SluicedProcess::use(Version version) { argv_.front() = programOf(version); }

Arguments SluicedProcess::successorArguments() const {
  auto argv = argv_;
  if (std::ranges::find(argv, "--take-over") == argv.end()) argv.emplace_back("--take-over");
  return argv;
}

Result<SluicedProcess> SluicedProcess::successor(const Arguments& under) const {
  auto argv = successorArguments();
  argv.insert(argv.begin(), under.begin(), under.end());
  auto process = lab_->spawn("node", argv);
  if (!process) return std::move(process).error();
  return SluicedProcess(*lab_, successorArguments(), *std::move(process));
}

Result<SluicedProcess> SluicedProcess::successorHeld() const {
  auto process = spawnHeld(*lab_, successorArguments());
  if (!process) return std::move(process).error();
  return SluicedProcess(*lab_, successorArguments(), *std::move(process));
}

Result<void> SluicedProcess::waitServing() {
  const auto deadline = std::chrono::steady_clock::now() + kLongestTakeOver;
  while (std::chrono::steady_clock::now() < deadline) {
    if (!process_.running()) break;
    const auto seen = status();  // the other one's as long as it has the place
    if (seen && seen->value("brokerPid", 0) == process_.pid()) {
      SLUICE_TRY(waitApplied());
      return waitSteering();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return Error(Error::Code::kUnavailable, "the successor does not serve");
}

/// A workload that another version steers is this one's soon after the configuration is in force.
Result<void> SluicedProcess::waitSteering() const {
  const auto deadline = std::chrono::steady_clock::now() + kLongestTakeOver;
  while (pinnedVersions(*lab_) > 1) {
    if (std::chrono::steady_clock::now() > deadline)
      return Error(Error::Code::kUnavailable, "another version's pins stay");
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return {};
}

}  // namespace sluice::test
