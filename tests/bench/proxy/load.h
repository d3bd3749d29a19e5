// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "tests/bench/proxy/load_tools.h"
#include "tests/support/place.h"

namespace sluice::test {

/// A client, and where it finds the service that it calls.
struct Target {
  Place client;
  SocketAddress address;

  std::string url() const { return "http://" + address.text(); }
};

/// What is compared: a proxy, or a way of using one.
struct Contender {
  std::string name;
  std::vector<Target> targets;   ///< they share the connections of a load
  std::vector<pid_t> processes;  ///< the proxy's; their children are counted with them
};

/// What one round says; times are microseconds.
struct Sample {
  double rate = 0;  ///< requests per second
  double p50 = 0, p99 = 0, p999 = 0;
  double cpu = 0;  ///< of the proxy, for each request
};

/// Loads with all clients at once. Rounds of h2load take turns in the cluster that they call.
/// `directory`: for files of the load tools.
Result<Sample> measure(const std::filesystem::path& directory, const Contender& contender,
                       const Load& load, int round);

/// A proxy that answers with a wrong body, or from the wrong cluster, is not measured: each client
/// asks for both.
Result<void> check(const std::filesystem::path& directory, const Contender& contender,
                   const Load& load);

/// Asks for /100 until somebody answers; kUnavailable after ten seconds.
Result<void> waitUntilAnswering(const Target& target, Protocol protocol);

/// A gRPC message of `length` bytes, at most 127, and its prefix of kGrpcPrefix bytes.
std::string grpcMessage(size_t length);
inline constexpr size_t kGrpcPrefix = 5;

/// Writes what measure() and check() read there.
Result<void> writeLoadFiles(const std::filesystem::path& directory, const Load& load);

}  // namespace sluice::test
