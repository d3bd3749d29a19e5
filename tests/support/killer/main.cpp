// SPDX-License-Identifier: Apache-2.0
// Kills a process at its n-th step. A program of its own, because ptrace(2) binds what it traces to
// one thread, whose waits would take what belongs to the test's.
#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>

#include "tests/support/killer/tracer.h"

namespace sluice::test {
namespace {

sigset_t awaited() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGCHLD);
  ::sigaddset(&signals, SIGTERM);
  return signals;
}

Result<void> watch(const Victim& victim) {
  const sigset_t signals = awaited();
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  auto tracer = Tracer::seize(victim);
  if (!tracer) return std::move(tracer).error();
  std::cout << "watching" << std::endl;
  while (::sigwaitinfo(&signals, nullptr) != SIGTERM) {
    const auto killed = tracer->go();
    if (!killed) return Error(killed.error());
    if (*killed) {
      std::cout << "killed before " << tracer->step() << std::endl;
      return {};
    }
  }
  std::cout << tracer->steps() << std::endl;
  return {};
}

}  // namespace
}  // namespace sluice::test

int main(int argc, char** argv) {
  CLI::App app(
      "kills a process at its n-th step, and says so; at SIGTERM it tells how many there were");
  sluice::test::Victim victim;
  app.add_option("--process", victim.process, "process id")->required();
  app.add_flag("--children", victim.children, "the processes that it starts, instead of it");
  app.add_option("--at", victim.at, "the step; 0: only count");
  app.add_option("--of", victim.of, "count steps of this name alone: rename, say");
  CLI11_PARSE(app, argc, argv);
  const auto watched = sluice::test::watch(victim);
  if (!watched) std::cerr << watched.error().message() << "\n";
  return watched ? 0 : 1;
}
