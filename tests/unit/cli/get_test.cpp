// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/unit/cli/ran.h"
#include "userspace/cli/layouts.h"
#include "userspace/source/document.h"

namespace sluice::cli {
namespace {

test::Ran get(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "get");
  return test::ctl(std::move(arguments));
}

constexpr const char* kExample = SLUICE_SOURCE_DIR "/examples";

TEST(Get, KindsAreKnownByEachOfTheirNames) {
  for (const char* word : {"virtualservices", "VirtualService", "virtualservice", "vs"}) {
    ASSERT_NE(findNoun(word), nullptr) << word;
    EXPECT_EQ(findNoun(word)->name, "virtualservices");
  }
  EXPECT_FALSE(findNoun("services")->is_resource) << "the agent knows more of them";
  EXPECT_FALSE(findNoun("ep")->is_resource);
  EXPECT_EQ(findNoun("gateways"), nullptr);
  EXPECT_EQ(findNoun(""), nullptr);
}

TEST(Get, PrintsResourcesThatCanBeReadAgain) {
  const auto ran = get({"virtualservices", "-f", kExample, "-o", "yaml"});
  ASSERT_EQ(ran.code, kOk) << ran.err;
  const auto file = source::decodeFile({"out.yaml", ran.out, std::nullopt});
  EXPECT_TRUE(file.readable);
  EXPECT_FALSE(file.documents.empty()) << ran.out;
  for (const auto& document : file.documents) {
    EXPECT_TRUE(document.resource().has_value()) << document.id().text();
    EXPECT_EQ(document.id().kind, "VirtualService");
  }
}

TEST(Get, AResourceByNameStandsAlone) {
  const auto all = get({"vs", "-f", kExample, "-o", "name"});
  const auto first = all.out.substr(0, all.out.find('\n'));
  const auto name = first.substr(first.rfind('/') + 1);
  const auto ran = get({"vs", name.c_str(), "-f", kExample, "-o", "yaml"});
  EXPECT_EQ(ran.code, kOk);
  EXPECT_TRUE(ran.out.starts_with("\"apiVersion\": \"networking.istio.io/v1\"")) << ran.out;
}

TEST(Get, FilesHaveResourcesOnly) {
  EXPECT_NE(get({"routes", "-f", kExample}).code, kOk);
  EXPECT_EQ(get({"vs", "nobody", "-f", kExample}).out, "");
}

}  // namespace
}  // namespace sluice::cli
