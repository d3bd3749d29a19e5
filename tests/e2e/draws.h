// SPDX-License-Identifier: Apache-2.0
// Many requests or connections, and who answered them. For use within ShopTest::asWeb().
#pragma once

#include "tests/e2e/shop.h"

namespace sluice::test {

/// `count` requests over `connections` in turn; by version. Any status but 200 is an error.
Result<Tally> drawRequests(std::vector<HttpConnection>& connections, size_t count);

/// `count` connections with one request each; by version.
Result<Tally> drawConnections(const SocketAddress& to, size_t count);

}  // namespace sluice::test
