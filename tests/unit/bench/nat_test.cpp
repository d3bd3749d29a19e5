// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/connect/nat.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/bench/connect/translations.h"

namespace sluice::test {
namespace {

using testing::HasSubstr;

TEST(Translations, AreServicesWithAnEndpointOfTheirOwn) {
  const auto three = translations(3, 2);
  ASSERT_EQ(three.size(), 3U);
  EXPECT_EQ(three[0].service.text(), "172.0.0.1:80");
  EXPECT_EQ(three[0].endpoint.text(), "10.0.0.1:8080");
  EXPECT_EQ(three[1].endpoint.text(), "10.0.0.4:8080") << "the second of the second service";
  EXPECT_EQ(three[2].service.text(), "172.0.0.3:80");
  EXPECT_EQ(three[2].endpoint.text(), "10.0.0.5:8080");
}

TEST(Nat, TranslatesEachServiceOnce) {
  const auto hundred = translations(100, 10);
  const auto rules = iptablesRules(hundred);
  EXPECT_EQ(std::ranges::count(rules, '\n'), 102);
  EXPECT_THAT(rules, HasSubstr("\n-A OUTPUT -d 172.0.0.7 -p tcp --dport 80 -j DNAT "
                               "--to-destination 10.0.0.67:8080\n"));
  EXPECT_THAT(nftRules(hundred), HasSubstr("\n172.0.0.7 . 80 : 10.0.0.67 . 8080,\n"));
}

}  // namespace
}  // namespace sluice::test
