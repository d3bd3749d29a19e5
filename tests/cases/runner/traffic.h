// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "tests/cases/runner/case.h"
#include "tests/support/http_client.h"

namespace sluice::test {

/// What a client does in one case.
struct Traffic {
  enum class Protocol { kHttp, kBytes };

  SocketAddress to;
  Protocol protocol = Protocol::kHttp;
  HttpRequest request = {};      ///< kHttp
  std::string first_bytes = {};  ///< kBytes; the client then reads one line
  size_t exchanges = 1;          ///< in all
  size_t per_connection = 0;     ///< after so many, another connection; 0: as many as it lasts
  size_t at_once = 1;
  /// Afterwards it goes on until this backend has answered once more, as long as the patience
  /// lasts; empty: it does not.
  std::string back_from = {};
  std::chrono::milliseconds patience{};

  /// `to` is what the name in the request means.
  static Result<Traffic> from(const Case& test, const SocketAddress& to);
};

/// One request and what came of it.
struct Exchange {
  int status = 0;              ///< 0: no answer of HTTP
  std::string served_by = {};  ///< "10.1.1.1:8080"; empty when no backend has answered
  HttpHeaders headers = {};
  std::string body = {};  ///< kBytes: what was read
  double took_ms = 0;
  double ended_ms = 0;     ///< since the first began
  std::string error = {};  ///< why there is no answer
};

/// Belongs to the namespace and cgroup of the process that calls it; uses threads.
std::vector<Exchange> send(const Traffic& traffic);

/// For a way between processes.
std::string textOf(const std::vector<Exchange>& exchanges);
Result<std::vector<Exchange>> exchangesOf(const std::string& text);

}  // namespace sluice::test
