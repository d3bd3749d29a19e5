// SPDX-License-Identifier: Apache-2.0
// Whatever changes, in whatever order, and whatever fails meanwhile: connections meet what the
// tables of a first start with the final state would have, and nothing is left behind.
#include "tests/unit/routing/random_steps.h"
#include "tests/unit/steering/fixture.h"
#include "userspace/routing/resolver.h"

namespace sluice::steering {
namespace {

using test::RandomMesh;
using test::Step;
using test::Steps;

/// Small tables, because there is a new set of them for each step.
constexpr uint32_t kTableSize = 512;
Options smallOptions() {
  Options options;
  options.slots = kTableSize - 1;
  options.ids = {100, 300, 300, 100, 300};
  return options;
}

/// The tables of one node and who keeps them.
class Node {
 public:
  Node() {
    for (const auto table : {Table::kBindings, Table::kRoutes, Table::kRouteSlots, Table::kClusters,
                             Table::kClusterSlots, Table::kEndpoints})
      tables_.limit(table, kTableSize);
    restart();
  }

  void restart() { steering_ = *Steering::create(tables_, clock_, smallOptions()); }
  void pass(Duration time) { clock_.advance(time); }

  std::string load(std::shared_ptr<const routing::Routing> routing) {
    routing_ = std::move(routing);
    auto refused = steering_->stage(*routing_);
    if (!refused) return "stage: " + refused.error().message();
    if (!refused->empty()) return refused->front().service + " is refused";
    if (auto published = steering_->publish(); !published)
      return "publish: " + published.error().message();
    auto retired = steering_->retire();
    return retired ? "" : "retire: " + retired.error().message();
  }

  /// As load(), but the tables fail at the change after `changes` more; then it is tried again.
  std::string loadWithFailure(std::shared_ptr<const routing::Routing> routing, size_t changes) {
    tables_.failAfter(changes, Error(Error::Code::kSystem, "the tables fail"));
    auto failed = load(routing);
    if (!failed.empty() && failed.find("the tables fail") == std::string::npos) return failed;
    tables_.failAfter(SIZE_MAX, Error(Error::Code::kSystem, "never"));
    return load(std::move(routing));
  }

  /// What was staged last is never published.
  std::string stageInVain(const routing::Routing& routing) {
    auto refused = steering_->stage(routing);
    return refused ? "" : refused.error().message();
  }

  /// What each address leads to, for each class of clients.
  std::map<std::string, std::string> contents() {
    std::map<std::string, std::string> all;
    test::Reader reader(tables_, test::Reader::Detail::kEverything);
    EXPECT_TRUE(maps::View<Table::kServices>(tables_)
                    .visit([&](const service_key& key, const ::service&) {
                      for (const auto& [number, table] : routing_->tables)
                        all[textOf(key) + " of class " + std::to_string(number.value)] =
                            reader.see(key, number.value);
                    })
                    .ok());
    return all;
  }

  /// Everything that has a number.
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto kind : {NAME_SERVICE, NAME_BINDING, NAME_ROUTE, NAME_CLUSTER, NAME_ENDPOINT})
      for (const auto& [id, entry] : steering_->ids().entries(kind))
        all.push_back(std::to_string(kind) + " " + entry.text);
    std::ranges::sort(all);
    return all;
  }

  std::string freeUnused() {
    pass(kGrace);
    auto retired = steering_->retire();
    return retired ? "" : retired.error().message();
  }

 private:
  static std::string textOf(const service_key& key) {
    SocketAddress address;
    std::copy(std::begin(key.address), std::end(key.address), address.ip.bytes.begin());
    address.port = ntohs(key.port);
    return address.text();
  }

  MemoryDataPlane tables_;
  sluice::test::ManualClock clock_;
  std::unique_ptr<Steering> steering_;
  std::shared_ptr<const routing::Routing> routing_;
};

template <typename Map>
std::string difference(const Map& kept, const Map& fresh) {
  for (const auto& [address, text] : fresh) {
    const auto at = kept.find(address);
    if (at == kept.end()) return address + " is missing";
    if (text.find("dangling") != std::string::npos) return address + ": " + text;
    if (at->second != text) return address + " leads to " + at->second + " instead of " + text;
  }
  for (const auto& [address, text] : kept)
    if (!fresh.contains(address)) return address + " is too many";
  return "";
}

std::string difference(const std::vector<std::string>& kept,
                       const std::vector<std::string>& fresh) {
  for (const auto& name : kept)
    if (std::ranges::count(kept, name) > std::ranges::count(fresh, name))
      return "name " + name + " is left";
  return kept.size() == fresh.size() ? "" : "names are missing";
}

/// One node that lives through all steps, and the mesh that it is told of.
class Life {
 public:
  /// What is wrong after the step; empty when nothing is.
  std::string take(const Step& step) {
    const auto what = mesh_.step(step.seed);
    if (step.more_follow) return "";
    const auto wrong = update(step.seed);
    return wrong.empty() ? "" : wrong + " after " + what;
  }

 private:
  std::string update(uint32_t seed) {
    std::mt19937 random(seed);
    auto snapshot = std::make_shared<Snapshot>(mesh_.snapshot());
    if (random() % 2) snapshot->agent.fail_policy = AgentSettings::FailPolicy::kOpen;
    const auto routing = resolver_.update(std::move(snapshot));
    if (auto wrong = disturb(random, routing); !wrong.empty()) return wrong;
    Node fresh;
    if (auto wrong = fresh.load(routing); !wrong.empty()) return wrong + " at a first start";
    if (auto wrong = difference(node_.contents(), fresh.contents()); !wrong.empty()) return wrong;
    if (random() % 4) return "";
    if (auto wrong = node_.freeUnused(); !wrong.empty()) return wrong;
    if (auto wrong = difference(node_.contents(), fresh.contents()); !wrong.empty())
      return wrong + " after the grace period";
    return difference(node_.names(), fresh.names());
  }

  /// Takes over the routing on one of the ways there are.
  std::string disturb(std::mt19937& random, std::shared_ptr<const routing::Routing> routing) {
    node_.pass(kGrace / (1 + random() % 4));
    switch (random() % 6) {
      case 0:
        node_.restart();
        return node_.load(std::move(routing));
      case 1:
        return node_.loadWithFailure(std::move(routing), random() % 20);
      case 2:
        if (auto wrong = node_.stageInVain(routing::Routing()); !wrong.empty()) return wrong;
        return node_.load(std::move(routing));
      default:
        return node_.load(std::move(routing));
    }
  }

  RandomMesh mesh_;
  routing::Resolver resolver_;
  Node node_;
};

std::optional<std::string> failureOf(const Steps& steps) {
  Life life;
  for (const auto& step : steps)
    if (auto wrong = life.take(step); !wrong.empty()) return wrong;
  return std::nullopt;
}

TEST(SteeringProperty, AnySequenceOfChangesGivesTheTablesOfTheFinalState) {
  test::holdsForEach(test::seedsFrom(1, 20), 60, failureOf);
}

}  // namespace
}  // namespace sluice::steering
