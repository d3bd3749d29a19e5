// SPDX-License-Identifier: Apache-2.0
// What is written of a resource is read as the same resource.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/unit/source/cases.h"
#include "tests/unit/source/decoded.h"
#include "userspace/source/istio_codecs.h"
#include "userspace/source/kinds.h"

namespace sluice::source {
namespace {

namespace fs = std::filesystem;

/// `resource` written and read again; nothing, and a failure, when it cannot be read.
std::optional<Resource> writtenAndRead(const Resource& resource, const Position& position) {
  const Kind& kind = kindOf(resource);
  const YamlNodePtr written = encodeResource(resource);
  Findings findings(position.file, written.get());
  LabelPool pool;
  auto read = kind.decode(*written, position, pool, findings);
  EXPECT_TRUE(read.has_value()) << textOf(findings.take());
  return read;
}

/// Returns how many resources there were.
size_t checkRoundTrip(const std::string& name, const std::string& text) {
  size_t resources = 0;
  for (const Document& document : decodeFile({name, text, std::nullopt}).documents) {
    if (!document.resource()) continue;
    const auto read = writtenAndRead(*document.resource(), document.position());
    if (!read) continue;
    EXPECT_TRUE(sameContent(*read, *document.resource())) << name << " " << document.id().text();
    ++resources;
  }
  return resources;
}

TEST(RoundTrip, EveryExampleIsTheSameAgain) {
  size_t resources = 0;
  for (const auto& entry : fs::recursive_directory_iterator(SLUICE_EXAMPLES)) {
    if (entry.path().extension() != ".yaml") continue;
    resources += checkRoundTrip(entry.path().string(), textOf(entry.path()));
  }
  EXPECT_GT(resources, 0U);
}

TEST(RoundTrip, EveryCaseIsTheSameAgain) {
  if (!fs::exists(casesFolder() / "manifest.tsv")) GTEST_SKIP() << "no cases";
  size_t resources = 0;
  for (const auto& entry : fs::recursive_directory_iterator(casesFolder())) {
    if (entry.path().extension() != ".yaml") continue;
    resources += checkRoundTrip(entry.path().string(), textOf(entry.path()));
  }
  EXPECT_GT(resources, 400U);
}

TEST(RoundTrip, PercentagesThatBinaryFractionsMiss) {
  const Dialect dialect{};
  for (uint32_t millionths = 1; millionths <= 1'000'000; millionths += 7) {
    const YamlNodePtr written = Codec<Percent>::encode({millionths});
    Findings findings("t.yaml", written.get());
    Decoder decoder(findings, dialect);
    Percent read;
    Codec<Percent>::decode(decoder, *written, Location(), read);
    ASSERT_EQ(read.millionths, millionths);
  }
}

TEST(RoundTrip, BodiesThatAreNoText) {
  const auto service =
      only<VirtualService>(withRule("{directResponse: {status: 200, body: {bytes: AP8=}}}"));
  EXPECT_EQ(service->http[0].direct_response->body, std::string("\0\xFF", 2));
  const auto read = writtenAndRead(service, service->metadata.position);
  ASSERT_TRUE(read);
  EXPECT_TRUE(sameContent(*read, service));
}

TEST(Encode, LeavesOutWhatIsDefault) {
  const YamlNodePtr written = encodeResource(only<DestinationRule>(
      destinationRule("{host: a, trafficPolicy: {outlierDetection: {}, connectionPool: {http: "
                      "{maxRetries: 0, h2UpgradePolicy: DEFAULT}}}}")));
  const YamlNode* policy = written->find("spec")->find("trafficPolicy");
  EXPECT_TRUE(policy->find("outlierDetection")->isMap()) << "{} says something";
  EXPECT_TRUE(policy->find("connectionPool")->find("http")->entries.empty());
  EXPECT_EQ(policy->find("loadBalancer"), nullptr);
  EXPECT_EQ(written->entries[0].second->text, "networking.istio.io/v1");
  EXPECT_EQ(written->entries[1].second->text, "DestinationRule");
  EXPECT_EQ(written->find("status"), nullptr);
}

TEST(Encode, SaysTheNamespaceOfWhatHasOne) {
  const auto written =
      encodeResource(only<Pod>("{apiVersion: v1, kind: Pod, metadata: {name: p}}"));
  EXPECT_EQ(written->find("metadata")->find("namespace")->text, "default");
  const auto space =
      encodeResource(only<Namespace>("{apiVersion: v1, kind: Namespace, metadata: {name: space}}"));
  EXPECT_EQ(space->find("metadata")->find("namespace"), nullptr);
}

TEST(Encode, StringsStayStrings) {
  const YamlNodePtr written = encodeResource(
      only<VirtualService>(withRule("{name: '5', timeout: 1500ms, route: [{destination: {host: a}, "
                                    "weight: 5}]}")));
  const YamlNode& rule = *written->find("spec")->find("http")->items[0];
  EXPECT_TRUE(rule.find("name")->quoted);
  EXPECT_EQ(rule.find("timeout")->text, "1s500ms");
  EXPECT_FALSE(rule.find("route")->items[0]->find("weight")->quoted);
}

TEST(Kinds, AreInTheOrderOfTheResources) {
  const auto first = only<VirtualService>(withRule("{route: [{destination: {host: a}}]}"));
  EXPECT_EQ(kindOf(first).name, "VirtualService");
  EXPECT_EQ(kindOf(std::make_shared<const AgentSettings>()).name, "Agent");
  EXPECT_EQ(kindOf(std::make_shared<const Endpoints>()).name, "Endpoints");
  EXPECT_EQ(kindOf(std::make_shared<const Node>()).name, "Node");
  EXPECT_EQ(kinds().size(), std::variant_size_v<Resource>);
}

TEST(Kinds, HaveTheNamesThatPeopleUse) {
  for (const char* name : {"vs", "VirtualService", "virtualservices", "VirtualServices"}) {
    ASSERT_NE(findKindByName(name), nullptr) << name;
    EXPECT_EQ(findKindByName(name)->name, "VirtualService");
  }
  EXPECT_EQ(findKindByName(""), nullptr);
  EXPECT_EQ(findKindByName("gateway"), nullptr);
}

}  // namespace
}  // namespace sluice::source
