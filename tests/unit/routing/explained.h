// SPDX-License-Identifier: Apache-2.0
// Calls to product-api, explained.
#pragma once

#include <gtest/gtest.h>

#include "tests/unit/routing/builders.h"
#include "userspace/routing/explain.h"
#include "userspace/routing/resolve.h"

namespace sluice::test {

/// What becomes of a call, by default of default/web to product-api.
inline routing::Explanation ask(const World& world, routing::ExplainRequest request = {}) {
  if (request.from.empty()) request.from = "default/web";
  if (request.host.empty()) request.host = "product-api";
  auto explanation = routing::explain(routing::resolve(world.snapshot), request);
  EXPECT_TRUE(explanation.ok());
  return *explanation;
}

/// Its only rule.
inline World answering(const HttpRoute& rule) {
  auto world = productApi();
  return world.add(virtualService(meta("vs"), {"product-api"}, {rule}));
}

}  // namespace sluice::test
