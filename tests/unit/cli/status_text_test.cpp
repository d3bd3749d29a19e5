// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/status_text.h"

#include <gtest/gtest.h>

#include <sstream>

namespace sluice::cli {
namespace {

using observe::Json;

Json status() {
  const Json diagnostic = {{"code", "IST0106"},
                           {"level", "error"},
                           {"file", "a.yaml"},
                           {"line", 14},
                           {"column", 19},
                           {"field", "spec.http[0].route"},
                           {"message", "weight must not be negative"},
                           {"hint", "write 0 to 100"}};
  return {{"version", "0.1.0"},
          {"brokerPid", 10},
          {"agentPid", 11},
          {"revision", 3},
          {"lastSuccess", "2026-01-02T03:04:05Z"},
          {"directory", "/etc/sluice"},
          {"problem", nullptr},
          {"refusedServices", Json::array()},
          {"heldBack", Json::array()},
          {"resourceCount", 2},
          {"rejectedResources", 1},
          {"fileDiagnostics", Json::array()},
          {"resources", Json::array({{{"resource", "VirtualService/shop/catalog"},
                                      {"state", "lastGood"},
                                      {"diagnostics", Json::array({diagnostic})}}})},
          {"workloadsEnrolled", 1},
          {"workloadsPending", 1},
          {"workloads", Json::array({{{"namespace", "shop"},
                                      {"name", "web"},
                                      {"state", "enrolled"},
                                      {"message", ""},
                                      {"hint", ""}},
                                     {{"namespace", "shop"},
                                      {"name", "batch"},
                                      {"state", "retrying"},
                                      {"message", "open cgroup /batch: No such file or directory"},
                                      {"hint", "start the unit"}}})}};
}

TEST(StatusText, SaysWhatIsInForceWhatIsWrongAndWhatToDo) {
  std::ostringstream out, err;
  printStatus({out, err}, status());
  EXPECT_EQ(out.str(),
            "sluiced     0.1.0, broker pid 10, agent pid 11\n"
            "revision    3 in force, applied 2026-01-02T03:04:05Z\n"
            "config      /etc/sluice, 2 resources, 1 rejected\n"
            "  × VirtualService/shop/catalog: refused, the last good version stays in force\n"
            "    error IST0106 a.yaml:14:19\n"
            "      spec.http[0].route: weight must not be negative\n"
            "      hint: write 0 to 100\n"
            "workloads   1 enrolled, 1 pending\n"
            "  ✓ shop/web: enrolled\n"
            "  ‼ shop/batch: retrying, open cgroup /batch: No such file or directory\n"
            "      hint: start the unit\n");
}

TEST(StatusText, NeighboursOfAWorkloadAreNamedBelowIt) {
  auto beside = status();
  beside["workloads"][0]["neighbours"] = Json::array({{{"code", "SLU5001"},
                                                       {"level", "warning"},
                                                       {"who", "cil_sock4_conne (id 42, connect4)"},
                                                       {"message", "Cilium runs, too"},
                                                       {"hint", "set the option"}}});
  std::ostringstream out, err;
  printStatus({out, err}, beside);
  EXPECT_NE(out.str().find("  ✓ shop/web: enrolled\n"
                           "    warning SLU5001 cil_sock4_conne (id 42, connect4)\n"
                           "      Cilium runs, too\n"
                           "      hint: set the option\n"),
            std::string::npos)
      << out.str();
}

TEST(StatusText, ProblemOfTheWholeConfigurationComesFirst) {
  auto broken = status();
  broken["problem"] = {{"message", "clusters: table full"}, {"hint", "fewer subsets"}};
  std::ostringstream out, err;
  printStatus({out, err}, broken);
  EXPECT_NE(out.str().find("  × clusters: table full\n      hint: fewer subsets\nconfig "),
            std::string::npos)
      << out.str();
}

TEST(StatusText, FilesAndServicesThatAreRefusedAreNamed) {
  auto broken = status();
  broken["fileDiagnostics"] = Json::array({{{"code", "SLU1001"},
                                            {"level", "error"},
                                            {"file", "b.yaml"},
                                            {"line", 2},
                                            {"column", 1},
                                            {"field", ""},
                                            {"message", "is no YAML"},
                                            {"hint", ""}}});
  broken["refusedServices"] = Json::array(
      {{{"service", "a:80/v4"}, {"message", "routes: table full"}, {"hint", "fewer rules"}}});
  broken["unusableTls"] = Json::array({{{"policy", "DestinationRule/shop/partner"},
                                        {"message", "/ca.pem: is no file"},
                                        {"hint", "name a PEM file"}}});
  broken["heldBack"] =
      Json::array({{{"resource", "VirtualService/shop/catalog"}, {"message", "the last stays"}}});
  broken["names"] =
      Json::array({{{"name", "a.test"}, {"addresses", {"10.0.0.1"}}, {"problem", ""}},
                   {{"name", "b.test"}, {"addresses", {"10.0.0.1"}}, {"problem", "Timeout"}},
                   {{"name", "c.test"}, {"addresses", Json::array()}, {"problem", "Timeout"}}});
  std::ostringstream out, err;
  printStatus({out, err}, broken);
  EXPECT_EQ(out.str().find("a.test"), std::string::npos) << out.str();
  EXPECT_NE(out.str().find("  ‼ b.test cannot be resolved: Timeout; its last addresses stay\n"
                           "  × c.test cannot be resolved: Timeout\n"),
            std::string::npos)
      << out.str();
  EXPECT_NE(
      out.str().find("  × DestinationRule/shop/partner: nothing is sent by it: /ca.pem: is no "
                     "file\n      hint: name a PEM file\n"),
      std::string::npos)
      << out.str();
  EXPECT_NE(out.str().find("  ‼ VirtualService/shop/catalog: the last stays\n"), std::string::npos)
      << out.str();
  EXPECT_NE(out.str().find("    error SLU1001 b.yaml:2:1\n      is no YAML\n"), std::string::npos)
      << out.str();
  EXPECT_NE(out.str().find("  × service a:80/v4 keeps its last good route: routes: table full\n"
                           "      hint: fewer rules\n"),
            std::string::npos)
      << out.str();
}

TEST(StatusText, LettersAndColoursFollowTheTerminal) {
  std::ostringstream out, err;
  Terminal plain{out, err};
  plain.unicode = false;
  EXPECT_EQ(mark(plain, Colour::kRed), "x");
  EXPECT_EQ(mark(plain, Colour::kGreen), "ok");
  plain.colour = true;
  EXPECT_EQ(mark(plain, Colour::kYellow), "\033[33m!\033[0m");
}

}  // namespace
}  // namespace sluice::cli
