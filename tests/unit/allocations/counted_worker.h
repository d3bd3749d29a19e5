// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/unit/allocations/allocation_count.h"
#include "tests/unit/proxy/worker_fixture.h"

namespace sluice::proxy::test {

/// A fixture of the proxy's tests whose worker writes no access log, and whose allocations are
/// counted: those of the worker, not of the test's own ends.
template <typename Fixture>
class Counted : public Fixture {
 protected:
  /// More than it takes until every server has a connection and every container its size.
  static constexpr int kWarmUp = 300;
  static constexpr int kMeasured = 200;

  Counted() {
    this->observers_ = {};
    this->rebuild({});
  }

  /// What the worker allocates for each of the requests that a call of `ask` makes.
  template <typename Ask>
  double perRequest(Ask ask, int requests = 1) {
    for (int i = 0; i < kWarmUp; ++i) ask();
    allocated_ = 0;
    for (int i = 0; i < kMeasured; ++i) ask();
    const double average = static_cast<double>(allocated_) / kMeasured / requests;
    testing::Test::RecordProperty("allocations_per_request", std::to_string(average));
    return average;
  }

  void work() override {
    const uint64_t before = sluice::test::allocationCount();
    Fixture::work();
    allocated_ += sluice::test::allocationCount() - before;
  }

 private:
  uint64_t allocated_ = 0;
};

}  // namespace sluice::proxy::test
