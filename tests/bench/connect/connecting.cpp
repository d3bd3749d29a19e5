// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/connect/connecting.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <sstream>

#include "tests/bench/connect/serving.h"
#include "userspace/base/fd.h"

namespace sluice::test {
namespace {

using Clock = std::chrono::steady_clock;

Result<void> connectOnce(const SocketAddress& to, std::vector<uint32_t>& took_ns) {
  const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return Error::system("socket");
  const linger reset{1, 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  sockaddr_storage storage;
  const socklen_t size = to.to(AF_INET, storage);
  const auto start = Clock::now();
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&storage), size) != 0)
    return Error::system("connect to " + to.text());
  took_ns.push_back(static_cast<uint32_t>((Clock::now() - start).count()));
  return {};
}

double percentileUs(std::vector<uint32_t>& took_ns, double share) {
  const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(took_ns.size() - 1));
  std::ranges::nth_element(took_ns, took_ns.begin() + at);
  return took_ns[static_cast<size_t>(at)] / 1000.0;
}

Result<std::string> load(const std::vector<SocketAddress>& to, Duration length, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_int_distribution<size_t> draw(0, to.size() - 1);
  std::vector<uint32_t> took_ns;
  took_ns.reserve(1 << 20);
  const auto start = Clock::now();
  while (Clock::now() - start < length) SLUICE_TRY(connectOnce(to[draw(random)], took_ns));
  const std::chrono::duration<double> seconds = Clock::now() - start;
  return fmt::format("{} {} {}", static_cast<double>(took_ns.size()) / seconds.count(),
                     percentileUs(took_ns, 0.5), percentileUs(took_ns, 0.99));
}

}  // namespace

int sink() {
  return serveForEver([](const Fd&) {});
}

Result<Process> startSink(const Lab& lab, std::string_view host) {
  return startServing(lab, host, "sink");
}

Result<ConnectRate> connectFor(const Lab& lab, std::string_view host,
                               const std::vector<SocketAddress>& to, Duration length,
                               uint64_t seed) {
  auto said = lab.inside(host, [&] { return load(to, length, seed); });
  if (!said) return std::move(said).error().in("connect on " + std::string(host));
  ConnectRate rate;
  std::istringstream(*said) >> rate.per_second >> rate.p50_us >> rate.p99_us;
  return rate;
}

}  // namespace sluice::test
