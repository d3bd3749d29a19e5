// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/resource_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace sluice::source {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string service(const std::string& name, int port = 80) {
  return "{apiVersion: v1, kind: Service, metadata: {name: " + name +
         "}, spec: {ports: [{port: " + std::to_string(port) + "}]}}\n";
}

std::string agent(const std::string& name, const std::string& policy) {
  return "{apiVersion: sluice.io/v1, kind: Agent, metadata: {name: " + name +
         "}, spec: {failPolicy: " + policy + "}}\n";
}

constexpr const char* kBroken = "a: [\n";

/// A store over files that a test changes one by one; the others are said to be unchanged.
class Files {
 public:
  bool write(const std::string& name, const std::string& text) {
    files_[name] = {name, text, std::nullopt};
    return updateBut(name);
  }
  bool remove(const std::string& name) {
    files_.erase(name);
    return updateBut(name);
  }
  bool lock(const std::string& name) {
    files_[name] = {name, "", Error::system("open " + name, EACCES)};
    return updateBut(name);
  }
  /// With all texts.
  bool update() {
    std::vector<SourceFile> files;
    for (const auto& [name, file] : files_) files.push_back(file);
    return store.update(files);
  }

  /// "catalog:80", in the snapshot's order.
  std::vector<std::string> services() const {
    std::vector<std::string> result;
    for (const auto& resource : store.snapshot()->services) {
      result.push_back(resource->metadata.name + ":" + std::to_string(resource->ports[0].port));
    }
    return result;
  }

  /// "catalog active a.yaml:1:1"
  std::vector<std::string> statuses() const {
    std::vector<std::string> result;
    for (const auto& status : store.statuses()) {
      result.push_back(status.name + " " + stateName(status.state) + " " + status.position.text());
    }
    expectCountsAndNotableAreOfStatuses();
    return result;
  }

  void expectCountsAndNotableAreOfStatuses() const {
    std::vector<std::string> notable;
    size_t not_active = 0;
    for (const auto& status : store.statuses()) {
      const bool active = status.state == ResourceStatus::State::kActive;
      if (!active) ++not_active;
      if (!active || !status.diagnostics.empty()) notable.push_back(status.position.text());
    }
    EXPECT_EQ(store.counts().all, store.statuses().size());
    EXPECT_EQ(store.counts().not_active, not_active);
    std::vector<std::string> positions;
    for (const auto& status : store.notable()) positions.push_back(status.position.text());
    EXPECT_EQ(positions, notable);
  }

  ResourceStore store;

 private:
  bool updateBut(const std::string& changed) {
    std::vector<SourceFile> files;
    for (const auto& [name, file] : files_)
      files.push_back(name == changed ? file
                                      : SourceFile{name, {}, std::nullopt, /*unchanged=*/true});
    return store.update(files);
  }

  std::map<std::string, SourceFile> files_;
};

TEST(ResourceStore, StartsEmpty) {
  const ResourceStore store;
  EXPECT_EQ(store.snapshot()->revision, 0U);
  EXPECT_THAT(store.snapshot()->services, IsEmpty());
  EXPECT_EQ(store.snapshot()->agent, AgentSettings());
}

TEST(ResourceStore, CountsRevisionsOnlyWhenSomethingChanges) {
  Files files;
  EXPECT_FALSE(files.update());
  EXPECT_TRUE(files.write("a.yaml", service("a")));
  EXPECT_EQ(files.store.snapshot()->revision, 1U);
  const auto before = files.store.snapshot();
  EXPECT_FALSE(files.update());
  EXPECT_FALSE(files.write("b.yaml", "# nothing\n"));
  EXPECT_EQ(files.store.snapshot(), before);
  EXPECT_TRUE(files.write("b.yaml", service("b")));
  EXPECT_EQ(files.store.snapshot()->revision, 2U);
}

TEST(ResourceStore, KeepsTheObjectsOfWhatDidNotChange) {
  Files files;
  files.write("a.yaml", service("a") + "---\n" + service("b"));
  const auto before = files.store.snapshot();
  files.write("a.yaml", service("a") + "---\n" + service("b", 81));
  const auto after = files.store.snapshot();
  EXPECT_EQ(after->services[0], before->services[0]);
  EXPECT_NE(after->services[1], before->services[1]);
  EXPECT_EQ(before->services[1]->ports[0].port, 80) << "a snapshot is immutable";
}

TEST(ResourceStore, SharesListsOfWhichNothingChanged) {
  Files files;
  files.write("a.yaml", service("a"));
  files.write("namespace.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n");
  const auto before = files.store.snapshot();
  files.write("b.yaml", service("b"));
  const auto after = files.store.snapshot();
  EXPECT_TRUE(after->namespaces.sharesWith(before->namespaces));
  EXPECT_FALSE(after->services.sharesWith(before->services));
}

TEST(ResourceStore, RemovesWhatIsGone) {
  Files files;
  files.write("a.yaml", service("a") + "---\n" + service("b"));
  files.write("c.yaml", service("c"));
  files.write("a.yaml", service("b"));
  EXPECT_THAT(files.services(), ElementsAre("b:80", "c:80"));
  files.remove("c.yaml");
  EXPECT_THAT(files.services(), ElementsAre("b:80"));
  EXPECT_THAT(files.statuses(), ElementsAre("b active a.yaml:1:1"));
}

TEST(ResourceStore, ABrokenFileKeepsWhatItGave) {
  Files files;
  files.write("a.yaml", service("a"));
  files.write("b.yaml", service("b"));
  EXPECT_FALSE(files.write("a.yaml", kBroken));
  EXPECT_THAT(files.services(), ElementsAre("a:80", "b:80"));
  EXPECT_THAT(files.statuses(), ElementsAre("a lastGood a.yaml", "b active b.yaml:1:1"));
  EXPECT_THAT(files.store.unreadableFiles(), ElementsAre("a.yaml"));
  ASSERT_EQ(files.store.diagnostics().size(), 1U);
  EXPECT_EQ(files.store.diagnostics()[0].position.line, 2);
  ASSERT_EQ(files.store.statuses()[0].diagnostics.size(), 1U);
  EXPECT_EQ(files.store.statuses()[0].diagnostics[0].code, "SLU1001");

  EXPECT_TRUE(files.write("a.yaml", service("a", 81)));
  EXPECT_THAT(files.services(), ElementsAre("a:81", "b:80"));
  EXPECT_THAT(files.store.diagnostics(), IsEmpty());
}

TEST(ResourceStore, AFileThatCannotBeReadKeepsWhatItGave) {
  Files files;
  files.write("a.yaml", service("a"));
  EXPECT_FALSE(files.lock("a.yaml"));
  EXPECT_THAT(files.services(), ElementsAre("a:80"));
  EXPECT_EQ(files.store.diagnostics()[0].code, "SLU1009");
  EXPECT_THAT(files.store.diagnostics()[0].message, HasSubstr("open a.yaml"));
}

TEST(ResourceStore, AnInvalidResourceKeepsItsLastGoodVersion) {
  Files files;
  files.write("a.yaml", service("a") + "---\n" + service("b"));
  EXPECT_TRUE(files.write("a.yaml", service("a", 0) + "---\n" + service("b", 81)));
  EXPECT_THAT(files.services(), ElementsAre("a:80", "b:81"));
  EXPECT_THAT(files.statuses(), ElementsAre("a lastGood a.yaml:1:1", "b active a.yaml:3:1"));
  EXPECT_EQ(files.store.statuses()[0].diagnostics[0].field, "spec.ports[0].port");
}

TEST(ResourceStore, AnInvalidResourceWithoutAPastIsRejected) {
  Files files;
  EXPECT_TRUE(files.write("a.yaml", service("a", 0) + "---\n" + service("b")));
  EXPECT_THAT(files.services(), ElementsAre("b:80"));
  EXPECT_THAT(files.statuses(), ElementsAre("a rejected a.yaml:1:1", "b active a.yaml:3:1"));
}

TEST(ResourceStore, ADocumentWithoutANameKeepsWhatMayBeIt) {
  Files files;
  files.write("a.yaml", service("a") + "---\n" + service("b"));
  files.write("a.yaml",
              "{apiVersion: v1, kind: Service, metadata: {name: 5}}\n---\n" + service("b", 81));
  EXPECT_THAT(files.services(), ElementsAre("a:80", "b:81"));
}

TEST(ResourceStore, TheFirstOfTwoPlacesCounts) {
  Files files;
  files.write("b.yaml", service("x", 2));
  EXPECT_TRUE(files.write("a.yaml", service("x", 1)));
  EXPECT_THAT(files.services(), ElementsAre("x:1"));
  EXPECT_THAT(files.statuses(), ElementsAre("x active a.yaml:1:1", "x rejected b.yaml:1:1"));
  ASSERT_EQ(files.store.diagnostics().size(), 1U);
  EXPECT_EQ(files.store.diagnostics()[0].code, "SLU1010");
  EXPECT_EQ(files.store.diagnostics()[0].position.text(), "b.yaml:1:1");
  EXPECT_THAT(files.store.diagnostics()[0].message, HasSubstr("a.yaml:1:1"));
  files.remove("a.yaml");
  EXPECT_THAT(files.services(), ElementsAre("x:2"));
}

TEST(ResourceStore, ABrokenFileStillHoldsItsResourcesAgainstOthers) {
  Files files;
  files.write("a.yaml", service("x", 1));
  files.write("b.yaml", service("x", 2));
  EXPECT_FALSE(files.write("a.yaml", kBroken));
  EXPECT_THAT(files.services(), ElementsAre("x:1"));
}

TEST(ResourceStore, ThereIsOneAgent) {
  Files files;
  files.write("b.yaml", agent("second", "closed"));
  files.write("a.yaml", agent("first", "open"));
  EXPECT_EQ(files.store.snapshot()->agent.fail_policy, AgentSettings::FailPolicy::kOpen);
  EXPECT_THAT(files.statuses(),
              ElementsAre("first active a.yaml:1:1", "second rejected b.yaml:1:1"));
  files.remove("a.yaml");
  files.remove("b.yaml");
  EXPECT_EQ(files.store.snapshot()->agent, AgentSettings());
}

TEST(ResourceStore, ListsAreInTheOrderOfKeys) {
  Files files;
  const auto in = [](const std::string& space) {
    return "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: " + space + "}}\n---\n";
  };
  files.write("a.yaml", in("b") + in("a") + in("a-b"));
  std::vector<std::string> keys;
  for (const auto& pod : files.store.snapshot()->pods) keys.push_back(pod->metadata.key());
  EXPECT_TRUE(std::ranges::is_sorted(keys));
  EXPECT_EQ(keys.size(), 3U);
}

TEST(ResourceStore, OneChangeOfManyLeavesTheListInOrder) {
  Files files;
  std::vector<std::string> wanted;
  for (int i = 10; i < 90; i += 2) {
    files.write(std::to_string(i) + ".yaml", service("s" + std::to_string(i)));
    wanted.push_back("s" + std::to_string(i) + ":80");
  }
  ASSERT_EQ(files.services(), wanted);
  files.write("10.yaml", service("s10", 81));
  files.write("88.yaml", service("s88", 81));
  files.write("new.yaml", service("s51"));
  files.write("first.yaml", service("s01"));
  files.write("last.yaml", service("s99"));
  files.remove("40.yaml");
  wanted.front() = "s10:81";
  wanted.back() = "s88:81";
  wanted.insert(std::ranges::find(wanted, "s52:80"), "s51:80");
  std::erase(wanted, "s40:80");
  wanted.insert(wanted.begin(), "s01:80");
  wanted.push_back("s99:80");
  EXPECT_EQ(files.services(), wanted);
}

/// Whatever the way there, the same files give the same snapshot: of so many services that some
/// updates change a list in places and some make it anew.
TEST(ResourceStore, TheOrderOfUpdatesDoesNotMatter) {
  std::mt19937 random(20260101);
  const auto draw = [&random](int below) {
    return std::uniform_int_distribution<int>(0, below - 1)(random);
  };
  std::string many;
  for (int i = 0; i < 64; ++i) many += service("m" + std::to_string(i)) + "---\n";
  for (int round = 0; round < 50; ++round) {
    Files steps;
    std::map<std::string, std::string> last{{"0.yaml", many}};
    steps.write("0.yaml", many);
    for (int step = 0; step < 30; ++step) {
      const std::string name = std::string(1, static_cast<char>('a' + draw(4))) + ".yaml";
      std::string text;
      for (int i = draw(4); i > 0; --i) {
        const char first = static_cast<char>('l' + draw(3));
        text += service(first + std::to_string(draw(80)), 80 + draw(3)) + "---\n";
      }
      if (draw(5) == 0) {
        last.erase(name);
        steps.remove(name);
      } else {
        last[name] = text;
        steps.write(name, text);
      }
    }
    ResourceStore at_once;
    std::vector<SourceFile> files;
    for (const auto& [name, text] : last) files.push_back({name, text, std::nullopt});
    std::ranges::shuffle(files, random);
    at_once.update(files);
    const auto& expected = at_once.snapshot()->services;
    const auto& actual = steps.store.snapshot()->services;
    ASSERT_TRUE(
        std::ranges::equal(expected, actual, [](const auto& a, const auto& b) { return *a == *b; }))
        << "round " << round;
    EXPECT_EQ(at_once.diagnostics(), steps.store.diagnostics());
    EXPECT_EQ(at_once.statuses().size(), steps.statuses().size());
  }
}

}  // namespace
}  // namespace sluice::source
