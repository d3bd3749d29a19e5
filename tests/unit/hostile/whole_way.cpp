// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/hostile/whole_way.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <memory>

#include "tests/support/manual_clock.h"
#include "tests/support/memory_data_plane.h"
#include "userspace/analysis/analyze.h"
#include "userspace/routing/admission.h"
#include "userspace/routing/hold_back.h"
#include "userspace/routing/resolver.h"
#include "userspace/source/resource_store.h"
#include "userspace/steering/steering.h"

namespace sluice::test {
namespace {

using Mode = AgentSettings::HttpMode;

/// The agent's part, without its proxy.
class Agent {
 public:
  Agent() {
    auto made = steering::Steering::create(tables_, clock_);
    EXPECT_TRUE(made.ok());
    steering_ = *std::move(made);
  }

  void update(std::vector<source::SourceFile> files) {
    store_.update(std::move(files));
    auto admitted = admission_.update(store_.snapshot());
    refused_ = std::move(admitted.held);
    in_force_ = hold_back_.update(std::move(admitted.snapshot), in_force_).snapshot;
    const auto by_host = by_host_.update(inMode(Mode::kIstio));
    by_address_.update(inMode(Mode::kService));
    // What does not fit is refused by name.
    EXPECT_TRUE(steering_->stage(*by_host).ok());
    EXPECT_TRUE(steering_->publish().ok());
  }

  Diagnostics errors() const {
    Diagnostics errors;
    std::ranges::copy_if(store_.diagnostics(), std::back_inserter(errors), [](const auto& finding) {
      return finding.level == Diagnostic::Level::kError;
    });
    for (const auto& [resource, why, code] : refused_)
      errors.push_back({code, Diagnostic::Level::kError, resource, {}, {}, why, {}});
    return errors;
  }

 private:
  std::shared_ptr<const Snapshot> inMode(Mode mode) const {
    auto changed = std::make_shared<Snapshot>(*in_force_);
    changed->agent.http_mode = mode;
    return changed;
  }

  sluice::test::ManualClock clock_;
  MemoryDataPlane tables_;
  std::unique_ptr<steering::Steering> steering_;
  source::ResourceStore store_;
  routing::HoldBack hold_back_;
  std::shared_ptr<const Snapshot> in_force_ = std::make_shared<const Snapshot>();
  routing::Admission admission_;
  std::vector<routing::HeldBack> refused_;
  routing::Resolver by_host_, by_address_;
};

std::vector<source::SourceFile> filesOf(const std::vector<std::string>& texts) {
  std::vector<source::SourceFile> files;
  files.reserve(texts.size());
  for (const auto& text : texts)
    files.push_back({std::to_string(files.size()) + ".yaml", text, std::nullopt});
  return files;
}

}  // namespace

Outcome wholeWay(const std::vector<std::string>& texts) {
  const auto files = filesOf(texts);
  const CostMeter meter;
  analysis::analyzeFiles(files, {});
  Agent agent;
  agent.update(files);
  auto errors = agent.errors();
  agent.update({});
  return {std::move(errors), meter.spent()};
}

}  // namespace sluice::test
