// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/network_namespace.h"

#include "tests/unit/broker/support.h"

namespace sluice::broker {
namespace {

TEST(NetworkNamespace, OtherFilesAreRefusedWithoutBeingOpened) {
  // Opening a FIFO for reading would wait for a writer for ever.
  const auto fifo = testing::TempDir() + "broker-fifo-" + std::to_string(::getpid());
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  for (const std::string& path : {fifo, std::string("/proc/self/ns/mnt"), std::string("/")}) {
    const auto result = NetworkNamespace::open(path);
    ASSERT_FALSE(result.ok()) << path;
    EXPECT_EQ(result.error().code(), Error::Code::kInvalid);
  }
  std::filesystem::remove(fifo);
  EXPECT_EQ(NetworkNamespace::open("/run/netns/no such").error().code(), Error::Code::kNotFound);
}

TEST(NetworkNamespace, VisitEndsAtHomeWhateverTheActionDoes) {
  SLUICE_NEEDS_ROOT();
  const TestNamespace there;
  const auto home = NetworkNamespace::current()->identity();
  const auto visitor = *NamespaceVisitor::create();
  const auto inside = visitor.visit(there.open(), &NetworkNamespace::current);
  EXPECT_EQ(inside->identity(), there.open().identity());
  EXPECT_EQ(NetworkNamespace::current()->identity(), home);

  const auto failed =
      visitor.visit(there.open(), [] { return Result<int>(Error(Error::Code::kInvalid, "no")); });
  EXPECT_FALSE(failed.ok());
  EXPECT_EQ(NetworkNamespace::current()->identity(), home);

  const auto throwing = [] { return throw std::runtime_error("no"), Result<int>(1); };
  EXPECT_THROW((void)visitor.visit(there.open(), throwing), std::runtime_error);
  EXPECT_EQ(NetworkNamespace::current()->identity(), home);
}

}  // namespace
}  // namespace sluice::broker
