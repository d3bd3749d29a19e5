// SPDX-License-Identifier: Apache-2.0
// All backends of a lab in one process: whatever address of this network namespace is called
// answers with that address. Commands are lines of JSON on standard input, each with one line as
// its answer: {"behave": …} (see Behaviour), answered with {}, and {"report": {"requests": N,
// "withinMs": T}}, answered with what Stage::report() says. Ends with its input.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "tests/cases/backend/conversation.h"

namespace sluice::test {
namespace {

constexpr int kBacklog = 4096;

Result<Fd> listenOn(uint16_t port) {
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return Error::system("make a socket");
  const int yes = 1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
      setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) != 0 ||
      bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(socket.get(), kBacklog) != 0)
    return Error::system("listen on port " + std::to_string(port));
  return socket;
}

/// One thread per connection: simple, and never what limits a case.
[[noreturn]] void acceptForever(Stage& stage, const Fd& listener) {
  while (true) {
    Fd socket(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket) continue;
    std::thread(
        [&stage, act = stage.act()](Fd connection) { converse(stage, act, std::move(connection)); },
        std::move(socket))
        .detach();
  }
}

Result<nlohmann::json> obey(Stage& stage, const std::string& line) {
  const auto command = nlohmann::json::parse(line, nullptr, false);
  if (command.is_discarded()) return Error(Error::Code::kInvalid, "not JSON: " + line);
  if (const auto behave = command.find("behave"); behave != command.end()) {
    auto behaviour = Behaviour::from(*behave);
    if (!behaviour) return std::move(behaviour).error();
    SLUICE_TRY(stage.begin(*std::move(behaviour)));
    return nlohmann::json::object();
  }
  const auto& report = command.at("report");
  return stage.report(
      report.value("requests", 0),
      std::chrono::steady_clock::now() + std::chrono::milliseconds(report.value("withinMs", 0)));
}

Result<void> run(const std::vector<uint16_t>& ports) {
  auto gate = Gate::install();
  if (!gate) return std::move(gate).error();
  Stage stage(*std::move(gate));
  for (const auto port : ports) {
    auto listener = listenOn(port);
    if (!listener) return std::move(listener).error();
    std::thread([&stage, fd = *std::move(listener)] { acceptForever(stage, fd); }).detach();
  }
  std::cout << "ready" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    auto answer = obey(stage, line);
    if (!answer) return std::move(answer).error();
    std::cout << answer->dump() << std::endl;
  }
  std::quick_exit(0);  // the connections' threads use `stage`
}

}  // namespace
}  // namespace sluice::test

int main(int argc, char** argv) {
  CLI::App app("the backends of a lab, in one process");
  std::vector<uint16_t> ports;
  app.add_option("--ports", ports, "ports to listen on")->required()->delimiter(',');
  CLI11_PARSE(app, argc, argv);
  auto served = sluice::test::run(ports);
  std::cerr << "case-backends: " << served.error().message() << "\n";
  return 1;
}
