// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

#include "tests/unit/cli/ran.h"
#include "userspace/cli/exit_code.h"
#include "userspace/observe/json.h"

namespace sluice::cli {
namespace {

namespace fs = std::filesystem;
using observe::Json;
using testing::HasSubstr;

class Analyze : public testing::Test {
 protected:
  Analyze() {
    std::string name = (fs::temp_directory_path() / "analyze-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~Analyze() override { fs::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    const auto path = (folder_ / name).string();
    std::ofstream(path) << text;
    return path;
  }

  static test::Ran analyze(const std::vector<std::string>& arguments) {
    std::vector<const char*> all = {"analyze"};
    for (const auto& argument : arguments) all.push_back(argument.c_str());
    return test::ctl(std::move(all));
  }

  fs::path folder_;
};

/// An error: the host; a warning: the port; for information: what matches no rule, and the path.
constexpr const char* kRules = R"(apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: catalog, namespace: shop}
spec:
  hosts: [catalog]
  http:
  - match: [{uri: {prefix: /a}}]
    route:
    - destination: {host: nowhere}
---
apiVersion: v1
kind: Service
metadata: {name: catalog, namespace: shop}
spec: {ports: [{name: tcp-grpc, port: 80}, {name: http, port: 81}]}
)";

TEST_F(Analyze, ReadsLikeACompiler) {
  const auto path = write("rules.yaml", kRules);
  const auto ran = analyze({"-f", path});
  EXPECT_EQ(ran.code, kFindings);
  EXPECT_THAT(ran.out,
              HasSubstr(path + ":9:27: error IST0101 VirtualService/shop/catalog\n"
                               "    spec.http[0].route[0].destination.host: host \"nowhere\" "
                               "names no service\n    hint: "));
  EXPECT_EQ(ran.err, "1 error, 1 warning, 2 infos in 2 resources\n");
}

TEST_F(Analyze, JsonHasEveryPart) {
  const auto path = write("rules.yaml", kRules);
  const auto ran = analyze({"-f", path, "-o", "json"});
  const auto document = Json::parse(ran.out);
  EXPECT_EQ(document.at("kind"), "Analysis");
  const auto& items = document.at("items");
  const auto found = std::find_if(items.begin(), items.end(),
                                  [](const Json& item) { return item.at("code") == "IST0101"; });
  ASSERT_NE(found, items.end());
  const Json& error = *found;
  EXPECT_EQ(error.at("level"), "error");
  EXPECT_EQ(error.at("resource"), "VirtualService/shop/catalog");
  EXPECT_EQ(error.at("file"), path);
  EXPECT_EQ(error.at("line"), 9);
  EXPECT_EQ(error.at("column"), 27);
  EXPECT_EQ(error.at("field"), "spec.http[0].route[0].destination.host");
  EXPECT_NE(error.at("message"), "");
  EXPECT_NE(error.at("hint"), "");
}

TEST_F(Analyze, FailsFromTheLevelThatIsChosen) {
  const auto path = write("rules.yaml", kRules);
  const std::vector<std::string> quiet = {"-f", path, "-S", "IST0101=*"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), quiet.begin(), quiet.end());
    return analyze(more).code;
  };
  EXPECT_EQ(with({}), kOk);
  EXPECT_EQ(with({"--fail-on", "warning"}), kFindings);
  EXPECT_EQ(with({"-S", "SLU2009=Service catalog.shop", "--fail-on", "warning"}), kOk);
  EXPECT_EQ(with({"-S", "SLU2009=Service catalog.shop", "--fail-on", "info"}), kFindings);
}

TEST_F(Analyze, GoesByTheRoomThatIsSaidToBeThere) {
  const auto path = write("services.yaml", R"(apiVersion: v1
kind: Service
metadata: {name: catalog, namespace: shop}
spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}, {name: http-admin, port: 81}]}
)");
  EXPECT_EQ(analyze({"-f", path}).code, kOk);
  const auto small = analyze({"-f", path, "--max-services", "1"});
  EXPECT_EQ(small.code, kFindings);
  EXPECT_THAT(small.out, HasSubstr("error SLU3002"));
  EXPECT_THAT(small.out, HasSubstr("2 services of at most 1"));
  EXPECT_EQ(analyze({"-f", path, "--max-services", "0"}).code, kUsage);
}

TEST_F(Analyze, OfWhatIsNoYamlIs65) {
  EXPECT_EQ(analyze({"-f", write("a.yaml", "a: [")}).code, kBadData);
  EXPECT_EQ(analyze({"-f", (folder_ / "absent.yaml").string()}).code, kBadData);
}

TEST_F(Analyze, ShowsOneNamespace) {
  const auto path = write("rules.yaml", kRules);
  EXPECT_EQ(analyze({"-f", path, "-n", "other"}).code, kOk);
  EXPECT_EQ(analyze({"-f", path, "-n", "shop"}).code, kFindings);
}

TEST_F(Analyze, RefusesWhatItDoesNotUnderstand) {
  const auto path = write("rules.yaml", kRules);
  EXPECT_EQ(analyze({"-f", path, "-S", "nonsense"}).code, kUsage);
  EXPECT_EQ(analyze({"-f", path, "--fail-on", "panic"}).code, kUsage);
  EXPECT_EQ(analyze({"-f", path, "--meshConfig", path + ".absent"}).code, kFailed);
}

TEST_F(Analyze, WithoutFilesAsksTheAgent) {
  const auto ran = analyze({"--socket", "/nonexistent/admin.sock"});
  EXPECT_EQ(ran.code, kAgentUnavailable);
  EXPECT_THAT(ran.err, HasSubstr("sluicectl analyze -f PATH"));
}

TEST_F(Analyze, ListsChecksAndCodes) {
  const auto ran = analyze({"-L"});
  EXPECT_EQ(ran.code, kOk);
  EXPECT_THAT(ran.out, HasSubstr("virtualservice.host-conflicts"));
  EXPECT_THAT(ran.out, HasSubstr("IST0109  error"));
  const auto document = Json::parse(analyze({"-L", "-o", "json"}).out);
  EXPECT_FALSE(document.at("items").empty());
  EXPECT_FALSE(document.at("codes").empty());
}

}  // namespace
}  // namespace sluice::cli
