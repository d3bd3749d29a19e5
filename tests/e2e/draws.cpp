// SPDX-License-Identifier: Apache-2.0
#include "tests/e2e/draws.h"

#include <fmt/format.h>

namespace sluice::test {

Result<Tally> drawRequests(std::vector<HttpConnection>& connections, size_t count) {
  Tally tally;
  for (size_t i = 0; i < count; ++i) {
    auto response = connections[i % connections.size()].exchange({});
    if (!response) return std::move(response).error();
    if (response->status != 200) return mismatch(fmt::format("status {}", response->status));
    ++tally[versionOf(response->servedBy())];
  }
  return tally;
}

Result<Tally> drawConnections(const SocketAddress& to, size_t count) {
  Tally tally;
  for (size_t i = 0; i < count; ++i) {
    auto one = connections(to, 1);
    if (!one) return std::move(one).error();
    auto drawn = drawRequests(*one, 1);
    if (!drawn) return std::move(drawn).error();
    ++tally[drawn->begin()->first];
  }
  return tally;
}

}  // namespace sluice::test
