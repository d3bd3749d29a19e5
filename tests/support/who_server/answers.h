// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tests/support/http_stream.h"

namespace sluice::test {

/// What the server says about itself.
struct Identity {
  std::string name;
  std::string version;
};

/// The whole response to a request, head and body, by its path:
///   /echo               the request's body, chunked when it came so
///   /bytes?n=N          N bytes of patternBytes(); &chunked=1 in chunks, &from=M from the Mth on
///   /slow?ms=N          the usual answer after N ms
///   /status?code=N      an empty answer with that status
///   anything else       who answers and what it was asked, in JSON
/// Each one carries `x-served-by`.
std::string answer(const Identity& who, const HttpHead& request, const std::string& body);

}  // namespace sluice::test
