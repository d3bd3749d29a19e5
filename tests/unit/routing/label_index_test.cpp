// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/label_index.h"

#include <gmock/gmock.h>

namespace sluice::routing {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Items 0 to 3.
LabelIndex indexFor(const Labels& selector) {
  LabelIndex index;
  index.expect(selector);
  index.add({{"app", "web"}, {"version", "v1"}});
  index.add({{"app", "web"}, {"version", "v2"}});
  index.add({{"app", "api"}, {"version", "v1"}});
  index.add({});
  return index;
}

std::vector<uint32_t> matching(const Labels& selector) {
  return indexFor(selector).matching(selector);
}

TEST(LabelIndex, FindsWhatHasTheLabel) {
  EXPECT_THAT(matching({{"app", "web"}}), ElementsAre(0, 1));
  EXPECT_THAT(matching({{"app", "db"}}), IsEmpty());
}

TEST(LabelIndex, AllLabelsOfASelectorCount) {
  EXPECT_THAT(matching({{"app", "web"}, {"version", "v1"}}), ElementsAre(0));
  EXPECT_THAT(matching({{"app", "api"}, {"version", "v2"}}), IsEmpty());
  EXPECT_THAT(matching({{"app", "web"}, {"zone", "a"}}), IsEmpty());
}

TEST(LabelIndex, AnEmptySelectorSelectsAll) { EXPECT_THAT(matching({}), ElementsAre(0, 1, 2, 3)); }

}  // namespace
}  // namespace sluice::routing
