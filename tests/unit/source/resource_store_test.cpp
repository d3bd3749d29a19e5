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

/// A store over files that a test changes one by one.
class Files {
 public:
  bool write(const std::string& name, const std::string& text) {
    files_[name] = {name, text, std::nullopt};
    return update();
  }
  bool remove(const std::string& name) {
    files_.erase(name);
    return update();
  }
  bool lock(const std::string& name) {
    files_[name] = {name, "", Error::system("open " + name, EACCES)};
    return update();
  }
  bool update() {
    std::vector<SourceFile> files;
    for (const auto& [name, file] : files_) files.push_back(file);
    return store.update(std::move(files));
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
    return result;
  }

  ResourceStore store;

 private:
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

/// Whatever the way there, the same files give the same snapshot.
TEST(ResourceStore, TheOrderOfUpdatesDoesNotMatter) {
  std::mt19937 random(20260101);
  const auto draw = [&random](int below) {
    return std::uniform_int_distribution<int>(0, below - 1)(random);
  };
  for (int round = 0; round < 50; ++round) {
    Files steps;
    std::map<std::string, std::string> last;
    for (int step = 0; step < 30; ++step) {
      const std::string name = std::string(1, static_cast<char>('a' + draw(4))) + ".yaml";
      std::string text;
      for (int i = draw(4); i > 0; --i) {
        text += service(std::string(1, static_cast<char>('p' + draw(5))), 80 + draw(3)) + "---\n";
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
  }
}

}  // namespace
}  // namespace sluice::source
