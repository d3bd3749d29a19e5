// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <vector>

#include "tests/support/http_stream.h"
#include "userspace/base/result.h"
#include "userspace/model/address.h"

namespace sluice::test {

/// What becomes of one attempt to use a backend.
struct Step {
  enum class Kind {
    kAnswer,
    kReset,   ///< reads the request, then resets the connection
    kRefuse,  ///< the connection never exists
  };
  Kind kind = Kind::kAnswer;
  int status = 200;
  std::chrono::milliseconds delay{0};
  HttpHeaders headers;
};

/// How all backends behave, from one command to the next.
struct Behaviour {
  std::set<SocketAddress> doors;          ///< where connections are taken
  std::vector<Step> script;               ///< in turn over all attempts; `usual` after the last
  std::map<IpAddress, Step> by_endpoint;  ///< instead of the script
  Step usual;

  /// {"doors": ["10.1.1.1:8080"], "script": [503, {"delay_ms": 5, "status": 200}, "reset",
  /// "refuse-connection"], "byEndpoint": {"10.1.1.1": "always 500"}, "delayMs": 5,
  /// "responseHeaders": {"x-a": "b"}}; everything but the doors may be absent.
  static Result<Behaviour> from(const nlohmann::json& json);

  /// The doors that are never opened.
  std::set<SocketAddress> closedDoors() const;
};

}  // namespace sluice::test
