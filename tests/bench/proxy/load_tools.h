// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

#include "tests/bench/proxy/latencies.h"
#include "tests/support/process.h"

namespace sluice::test {

enum class Protocol {
  kHttp1,
  kHttp2,  ///< with prior knowledge, also towards the servers
  kGrpc,   ///< unary calls
};

/// What the clients do.
struct Load {
  Protocol protocol = Protocol::kHttp1;
  int connections = 32;         ///< of all clients together
  int streams = 1;              ///< HTTP/2: requests at once on each connection
  size_t head_bytes = 100;      ///< HTTP/1.1: of a request's head, about
  size_t response_bytes = 100;  ///< of a response's body
  bool close = false;           ///< HTTP/1.1: a connection for each request
  std::chrono::seconds length{1};
};

/// What one client saw.
struct Outcome {
  uint64_t requests = 0;
  double rate = 0;  ///< requests per second
  Latencies latencies;
};

/// The path that answers as `load` wants it.
std::string pathOf(const Load& load);

/// wrk, for HTTP/1.1. Its requests go to the two clusters in turn.
struct Wrk {
  /// What wrk is told in its own language.
  static std::string script(const Load& load);
  static Arguments command(const Load& load, int connections, const std::string& url,
                           const std::filesystem::path& script);
  /// Any answer that is no 2xx, and any error of a socket, is an error.
  static Result<Outcome> parse(std::string_view output);
};

/// h2load, for HTTP/2 and gRPC. All requests of one run carry the same fields: `beta` sends them to
/// the second cluster.
struct H2load {
  struct Files {
    std::filesystem::path log;   ///< one line for each request; must not be there before
    std::filesystem::path body;  ///< what a gRPC client sends
  };
  static Arguments command(const Load& load, int connections, const std::string& url, bool beta,
                           const Files& files);
  /// `log`: what is in that file. Errors as with wrk.
  static Result<Outcome> parse(std::string_view output, std::string_view log);
};

}  // namespace sluice::test
