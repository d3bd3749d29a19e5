// SPDX-License-Identifier: Apache-2.0
// What is read, and where findings stand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/analysis/analyzed.h"
#include "userspace/analysis/read_files.h"
#include "userspace/analysis/unread_resources.h"

namespace sluice::analysis {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class Files : public testing::Test {
 protected:
  Files() {
    std::string name = (fs::temp_directory_path() / "analysis-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~Files() override { fs::remove_all(folder_); }

  void write(const fs::path& name, const std::string& text = "") {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
  }
  std::vector<std::string> namesIn(const std::vector<source::SourceFile>& files) {
    std::vector<std::string> names;
    names.reserve(files.size());
    for (const auto& file : files) names.push_back(fs::relative(file.name, folder_).string());
    return names;
  }

  fs::path folder_;
};

TEST_F(Files, OfFoldersAreReadWithThoseBelow) {
  for (const char* name :
       {"b.yml", "a.yaml", "sub/deep/c.json", ".hidden.yaml", ".git/d.yaml", "notes.txt"}) {
    write(name);
  }
  EXPECT_THAT(namesIn(readFiles({folder_.string()})),
              ElementsAre("a.yaml", "b.yml", "sub/deep/c.json"));
}

TEST_F(Files, NamedOnesAreReadWhateverTheirNameAndOnce) {
  write("notes.txt");
  const auto path = (folder_ / "notes.txt").string();
  EXPECT_EQ(readFiles({path, path}).size(), 1U);
}

TEST_F(Files, ThatAreAbsentSayWhy) {
  const auto files = readFiles({(folder_ / "absent.yaml").string()});
  ASSERT_EQ(files.size(), 1U);
  EXPECT_TRUE(files[0].unreadable.has_value());
  EXPECT_EQ(analyzeFiles(files, {}).unreadable_files.size(), 1U);
}

TEST(Findings, StandInTheOrderOfFilesAndLines) {
  const auto rule = virtualService("v", "hosts: [a], http: [{route: [{destination: {host: b}}]}]");
  const auto late = virtualService("w", "hosts: [c], http: [{route: [{destination: {host: d}}]}]");
  const auto analysis =
      analyzeFiles({{"2.yaml", rule, {}}, {"1.yaml", service("x") + late, {}}}, {});
  std::vector<std::string> places;
  for (const auto& d : analysis.diagnostics) {
    if (d.code == "IST0101") places.push_back(d.position.file);
  }
  EXPECT_THAT(places, ElementsAre("1.yaml", "2.yaml"));
  EXPECT_EQ(analysis.resources, 3U);
}

TEST(Findings, InListsPointAtTheItem) {
  const std::string yaml = R"(kind: List
apiVersion: v1
items:
- apiVersion: networking.istio.io/v1
  kind: VirtualService
  metadata: {name: v, namespace: shop}
  spec:
    hosts: [a]
    http:
    - route:
      - destination:
          host: nowhere
)";
  for (const auto& d : analyzed(yaml).diagnostics) {
    EXPECT_TRUE(d.code != "IST0101" || d.position.text() == "t.yaml:12:17") << d.position.text();
  }
  EXPECT_EQ(findings(yaml, "IST").size(), 1U);
}

TEST(Findings, OfAResourceThatIsDefinedTwiceComeOnce) {
  const auto rule = virtualService("v", "hosts: [a], http: [{route: [{destination: {host: b}}]}]");
  EXPECT_THAT(findings(rule + rule, "IST"), testing::SizeIs(1));
}

TEST(Findings, OfASnapshotAloneStandWhereItsResourcesBegin) {
  DestinationRule rule;
  rule.metadata.name = "d";
  rule.metadata.position = {"rules.yaml", 7, 1};
  rule.host = "nowhere";
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->destination_rules.push_back(std::make_shared<const DestinationRule>(rule));
  Input input;
  input.snapshot = snapshot;
  const auto all = analyze(input, {});
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].code, "IST0174");
  EXPECT_EQ(all[0].position.text(), "rules.yaml:7:1");
}

const std::string kMesh =
    "defaultConfig: {proxyMetadata: {A: 'true'}}\nrootNamespace: root\nother: [1]\n";

TEST(MeshConfigs, AreRead) {
  const auto config = readMeshConfig({"m.yaml", kMesh, {}});
  ASSERT_TRUE(config.ok()) << config.error().message();
  EXPECT_EQ(config->proxy_metadata.at("A"), "true");
  EXPECT_EQ(config->root_namespace, "root");
}

TEST(MeshConfigs, AmongTheFilesAreNoResources) {
  const auto analysis = analyzeFiles({{"m.yaml", kMesh, {}}}, {});
  EXPECT_TRUE(analysis.diagnostics.empty());
  EXPECT_EQ(analyzeFiles({{"m.yaml", "other: 1", {}}}, {}).diagnostics.size(), 1U);
}

TEST(MeshConfigs, ThatAreNoneAreRefused) {
  EXPECT_FALSE(readMeshConfig({"m.yaml", "[", {}}).ok());
  EXPECT_FALSE(readMeshConfig({"m.yaml", "rootNamespace: [1]", {}}).ok());
}

}  // namespace
}  // namespace sluice::analysis
