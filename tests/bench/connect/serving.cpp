// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/connect/serving.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>

#include "userspace/base/fd.h"

namespace sluice::test {
namespace {

constexpr uint16_t kPort = 8080;

}  // namespace

Result<Process> startServing(const Lab& lab, std::string_view host, const std::string& role) {
  auto process = lab.spawn(host, {"/proc/self/exe", role}, Output::kPipe);
  if (!process) return process;
  auto ready = process->readLine(std::chrono::seconds(10));
  if (!ready) return std::move(ready).error().in("start the " + role);
  return process;
}

int serveForEver(const std::function<void(const Fd& client)>& serve) {
  const Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_port = htons(kPort);
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&any), sizeof(any)) != 0) return 1;
  if (::listen(listener.get(), 4096) != 0) return 1;
  if (::write(STDOUT_FILENO, "ready\n", 6) != 6) return 1;
  for (;;) {
    const Fd client(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (client) serve(client);
  }
}

}  // namespace sluice::test
