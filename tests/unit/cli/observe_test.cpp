// SPDX-License-Identifier: Apache-2.0
// What `sluicectl observe` prints of the agent's answers.
#include <gmock/gmock.h>

#include "tests/unit/cli/fake_agent.h"
#include "tests/unit/cli/ran.h"

namespace sluice::cli {
namespace {

using test::ctl;
using ::testing::HasSubstr;

constexpr const char* kStream =
    R"({"apiVersion":"sluice.io/v1","kind":"Observation","sample":1}
{"apiVersion":"sluice.io/v1","kind":"Event","time":"2026-01-01T00:00:00.000001Z","event":"connect",)"
    R"("connection":9,"workload":"shop/web","destination":"10.96.0.1:80","service":"api.shop:80/v4",)"
    R"("reason":"no_endpoints","route":"r","cluster":"c","endpoint":""}
{"apiVersion":"sluice.io/v1","kind":"Lost","events":7}
{"apiVersion":"sluice.io/v1","kind":"Event","time":"2026-01-01T00:00:01.000001Z","event":"closed",)"
    R"("connection":8,"workload":"shop/web","destination":"10.96.0.1:80","service":"api.shop:80/v4",)"
    R"("reason":"steered","route":"r","cluster":"c","endpoint":"10.1.0.1:8080","seconds":0.5,)"
    R"("sentBytes":10,"receivedBytes":3}
)";

class ObserveCommand : public test::FakeAgent {
 protected:
  test::Ran observed(std::vector<const char*> more) {
    answer({kStream});
    socket_ = path();
    more.insert(more.begin(), {"observe", "--socket", socket_.c_str()});
    return ctl(std::move(more));
  }

 private:
  std::string socket_;
};

TEST_F(ObserveCommand, PrintsALineForEachEventAndMessagesElsewhere) {
  const auto ran = observed({"--limit", "2"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out,
            "2026-01-01T00:00:00.000001Z shop/web -> 10.96.0.1:80 (api.shop:80/v4) connect: "
            "no_endpoints\n"
            "2026-01-01T00:00:01.000001Z shop/web -> 10.96.0.1:80 (api.shop:80/v4) closed: "
            "steered to 10.1.0.1:8080, sent 10 B, received 3 B in 0.500 s\n");
  EXPECT_THAT(ran.err, HasSubstr("7 events were lost"));
}

TEST_F(ObserveCommand, PrintsTheAgentsObjectsAsTheyAre) {
  const auto ran = observed({"-o", "json", "--limit", "2"});
  EXPECT_EQ(ran.out, kStream);
}

TEST_F(ObserveCommand, EndsAsSoonAsItHasSeenEnough) {
  const auto ran = observed({"--limit", "1"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out, HasSubstr("no_endpoints"));
  EXPECT_THAT(ran.out, Not(HasSubstr("closed")));
}

TEST_F(ObserveCommand, EndsWithTheAgent) { EXPECT_EQ(observed({}).code, 69); }

TEST_F(ObserveCommand, HasNoOtherFormats) {
  EXPECT_EQ(ctl({"observe", "-o", "yaml"}).code, 64);
  EXPECT_EQ(ctl({"observe", "-o", "wide"}).code, 64);
  EXPECT_EQ(ctl({"observe", "--sample", "0"}).code, 64);
}

}  // namespace
}  // namespace sluice::cli
