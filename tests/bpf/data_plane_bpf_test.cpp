// SPDX-License-Identifier: Apache-2.0
// The tables through file descriptors, as the agent has them.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "loader/map_data_plane.h"
#include "tests/bpf/kernel_test.h"

namespace sluice::test {
namespace {

using loader::MapDataPlane;

class Tables : public KernelTest {
 protected:
  std::vector<Fd> handedOver() const {
    std::vector<Fd> fds;
    for (const int fd : kernel_->mapFds()) fds.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    return fds;
  }
};

TEST_F(Tables, ShowTheSameThroughEveryDescriptor) {
  auto other = MapDataPlane::create(handedOver());
  ASSERT_TRUE(other.ok()) << other.error().message();
  maps::View<Table::kBindings> bindings(**other);
  ASSERT_TRUE(bindings.put(3, {44, BINDING_HAS_EXCEPTIONS}).ok());
  EXPECT_EQ(view<Table::kBindings>().get(3)->route, 44U);
  EXPECT_EQ(view<Table::kBindings>().shared(3)->shape, BINDING_HAS_EXCEPTIONS);
}

/// Of a child process that has given up root: 0 when `body` succeeds.
template <typename Body>
int statusWithoutRights(const Body& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    constexpr uid_t kNobody = 65534;
    if (::setresuid(kNobody, kNobody, kNobody) != 0) ::_exit(2);
    ::_exit(body() ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return status;
}

TEST_F(Tables, NeedNoRightsButTheDescriptors) {
  EXPECT_EQ(statusWithoutRights([&] {
              auto mine = MapDataPlane::create(handedOver());
              if (!mine) return false;
              return maps::View<Table::kServices>(**mine).put({}, {1, 2}).ok() &&
                     maps::View<Table::kBindings>(**mine).put(1, {3, 0}).ok() &&
                     maps::View<Table::kReasons>(**mine).get(0).ok();
            }),
            0);
  EXPECT_EQ(view<Table::kServices>().get({})->binding, 2U);
  EXPECT_EQ(view<Table::kBindings>().get(1)->route, 3U);
}

TEST_F(Tables, RefuseMapsInAnotherOrder) {
  auto fds = handedOver();
  std::swap(fds[0], fds[1]);
  const auto data_plane = MapDataPlane::create(std::move(fds));
  ASSERT_FALSE(data_plane.ok());
  EXPECT_EQ(data_plane.error().code(), Error::Code::kInvalid);
}

TEST_F(Tables, MissingKeysAreNotFound) {
  EXPECT_EQ(view<Table::kServices>().get({}).error().code(), Error::Code::kNotFound);
  EXPECT_EQ(view<Table::kServices>().erase({}).error().code(), Error::Code::kNotFound);
  EXPECT_EQ(view<Table::kRoutes>().get(SLUICE_MAX_ROUTES).error().code(), Error::Code::kNotFound);
  EXPECT_EQ(view<Table::kRoutes>().put(SLUICE_MAX_ROUTES, {}).error().code(),
            Error::Code::kNotFound);
  EXPECT_EQ(view<Table::kBindings>().put(SLUICE_MAX_BINDINGS, {}).error().code(),
            Error::Code::kNotFound);
}

TEST_F(Tables, ErasedElementOfAnArrayIsZero) {
  ASSERT_TRUE(view<Table::kBindings>().put(3, {44, 1}).ok());
  ASSERT_TRUE(view<Table::kBindings>().erase(3).ok());
  EXPECT_EQ(view<Table::kBindings>().get(3)->route, 0U);
}

TEST_F(Tables, FullHashIsExhausted) {
  Result<void> last;
  for (uint64_t id = 1; last.ok() && id <= SLUICE_MAX_WORKLOADS + 1; ++id) {
    last = view<Table::kWorkloads>().put(id, {});
  }
  ASSERT_FALSE(last.ok());
  EXPECT_EQ(last.error().code(), Error::Code::kExhausted);
}

TEST_F(Tables, VisitEachElementOnce) {
  constexpr uint32_t kNames = 5000;
  for (uint32_t id = 1; id <= kNames; ++id) {
    ASSERT_TRUE(view<Table::kNames>().put({NAME_SERVICE, id}, {}).ok());
  }
  std::set<uint32_t> seen;
  uint32_t visits = 0;
  ASSERT_TRUE(view<Table::kNames>()
                  .visit([&](const name_key& key, const name&) {
                    seen.insert(key.id);
                    ++visits;
                  })
                  .ok());
  EXPECT_EQ(seen.size(), kNames);
  EXPECT_EQ(visits, kNames);
}

TEST_F(Tables, VisitEveryIndexOfArrays) {
  route written{};
  written.service = 6;
  ASSERT_TRUE(view<Table::kRoutes>().put(SLUICE_MAX_ROUTES - 1, written).ok());
  uint32_t visits = 0;
  uint32_t last = 0;
  ASSERT_TRUE(view<Table::kRoutes>()
                  .visit([&](uint32_t, const route& value) {
                    ++visits;
                    last = value.service;
                  })
                  .ok());
  EXPECT_EQ(visits, SLUICE_MAX_ROUTES);
  EXPECT_EQ(last, 6U);
}

TEST_F(Tables, VisitEmptyHash) {
  EXPECT_TRUE(view<Table::kNames>().visit([](const name_key&, const name&) { FAIL(); }).ok());
}

}  // namespace
}  // namespace sluice::test
