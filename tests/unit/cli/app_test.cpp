// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/app.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/unit/cli/ran.h"
#include "userspace/cli/exit_code.h"

namespace sluice::cli {
namespace {

using test::ctl;

TEST(App, HelpIsDataAndSucceeds) {
  const auto ran = ctl({"--help"});
  EXPECT_EQ(ran.code, kOk);
  EXPECT_NE(ran.out.find("Exit codes: 0 ok, 1 error, 64 usage"), std::string::npos) << ran.out;
  EXPECT_EQ(ran.err, "");
}

TEST(App, EachCommandHasExamples) {
  for (const char* command :
       {"check", "status", "get", "explain", "analyze", "stat", "bpf", "version"})
    EXPECT_NE(ctl({command, "--help"}).out.find("Examples:"), std::string::npos) << command;
}

TEST(App, UsageErrorsAre64) {
  for (const std::vector<const char*>& wrong :
       std::vector<std::vector<const char*>>{{},
                                             {"frobnicate"},
                                             {"get"},
                                             {"bpf"},
                                             {"get", "nonsense"},
                                             {"status", "--wait=soon"},
                                             {"get", "services", "-o", "xml"},
                                             {"status", "-o", "wide"},
                                             {"get", "services", "-n", "a", "-A"},
                                             {"explain", "--to", "a"}})
    EXPECT_EQ(ctl(wrong).code, kUsage);
}

TEST(App, FailuresHaveTheExitCodesOfSysexits) {
  const auto code_of = [](Error::Code code) { return exitCodeOf(Error(code, "x")); };
  EXPECT_EQ(code_of(Error::Code::kInvalid), 65);
  EXPECT_EQ(code_of(Error::Code::kUnavailable), 69);
  EXPECT_EQ(code_of(Error::Code::kPermission), 77);
  EXPECT_EQ(code_of(Error::Code::kNotFound), 1);
}

TEST(App, UnknownNounNamesTheKnownOnes) {
  EXPECT_NE(ctl({"get", "nonsense"}).err.find("services, routes, endpoints"), std::string::npos);
}

TEST(App, AbsentAgentIs69WithAHintForEachFormat) {
  for (const char* format : {"table", "json", "yaml"}) {
    const auto ran = ctl({"--socket", "/nonexistent/admin.sock", "status", "-o", format});
    EXPECT_EQ(ran.code, kAgentUnavailable);
    EXPECT_EQ(ran.out, "");
    EXPECT_NE(ran.err.find("connect to /nonexistent/admin.sock: No such file"), std::string::npos)
        << ran.err;
    EXPECT_NE(ran.err.find("hint: is sluiced running?"), std::string::npos) << ran.err;
  }
}

TEST(App, WaitEndsWithItsTimeWhenNoAgentComes) {
  EXPECT_EQ(ctl({"status", "--wait=50ms", "--socket", "/nonexistent/admin.sock"}).code,
            kAgentUnavailable);
}

TEST(App, VersionWorksWithoutAnAgent) {
  const auto ran = ctl({"version", "--socket", "/nonexistent/admin.sock"});
  EXPECT_EQ(ran.code, kOk);
  EXPECT_NE(ran.out.find("sluiced   not running"), std::string::npos) << ran.out;
}

}  // namespace
}  // namespace sluice::cli
