// SPDX-License-Identifier: Apache-2.0
// Real processes in real cgroups; what they are called is all that counts.
#include "userspace/broker/neighbours.h"

#include <sys/wait.h>

#include <csignal>
#include <fstream>

#include "tests/unit/broker/support.h"
#include "userspace/model/codes.h"

namespace sluice::broker {
namespace {

namespace fs = std::filesystem;

/// A copy of sleep(1) under another name that runs in a cgroup, until this object goes.
class NamedProcess {
 public:
  NamedProcess(const std::string& name, const fs::path& cgroup, std::string argument = {}) {
    std::string directory = "/tmp/sluice-named-XXXXXX";
    EXPECT_NE(::mkdtemp(directory.data()), nullptr);
    directory_ = directory;
    const auto program = directory_ / name;
    fs::copy_file("/bin/sleep", program);
    if (argument.empty()) argument = program.string();
    const auto procs = cgroup / "cgroup.procs";
    const Fd join(::open(procs.c_str(), O_WRONLY | O_CLOEXEC));
    pid_ = ::fork();
    if (pid_ == 0) {
      if (::write(join.get(), "0", 1) == 1)
        ::execl(program.c_str(), argument.c_str(), "1000", nullptr);
      ::_exit(1);
    }
    waitUntilItIs(name.substr(0, 15));
  }
  ~NamedProcess() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    fs::remove_all(directory_);
  }
  NamedProcess(const NamedProcess&) = delete;
  NamedProcess& operator=(const NamedProcess&) = delete;

  std::string who(const std::string& name) const {
    return name + " (pid " + std::to_string(pid_) + ")";
  }

 private:
  void waitUntilItIs(const std::string& comm) const {
    const auto limit = std::chrono::steady_clock::now() + 10s;
    for (std::string now; now != comm;) {
      ASSERT_LT(std::chrono::steady_clock::now(), limit) << "runs as " << now;
      std::ifstream("/proc/" + std::to_string(pid_) + "/comm") >> now;
    }
  }

  fs::path directory_;
  pid_t pid_ = -1;
};

Neighbours processesOf(const TestCgroup& cgroup) {
  Neighbours found;
  addProcesses(Cgroups::find()->open(cgroup.path())->get(), found);
  return found;
}

class NeighboursTest : public testing::Test {
 protected:
  void SetUp() override { SLUICE_NEEDS_ROOT(); }
};

TEST_F(NeighboursTest, AnApplicationIsNone) {
  const TestCgroup cgroup;
  EXPECT_EQ(processesOf(cgroup), Neighbours{});
  const NamedProcess application("application", cgroup.directory());
  EXPECT_EQ(processesOf(cgroup), Neighbours{});
}

TEST_F(NeighboursTest, TheAgentsOfMeshesMakeASidecar) {
  for (const std::string name : {"pilot-agent", "linkerd2-proxy", "consul-dataplane", "kuma-dp"}) {
    const TestCgroup cgroup;
    const NamedProcess application("application", cgroup.directory());
    const NamedProcess agent(name, cgroup.directory());
    EXPECT_EQ(processesOf(cgroup), (Neighbours{{code::kSidecar, agent.who(name)}}));
  }
}

TEST_F(NeighboursTest, AnEnvoyAloneMayBeTheApplication) {
  const TestCgroup cgroup;
  const NamedProcess envoy("envoy", cgroup.directory());
  EXPECT_EQ(processesOf(cgroup), (Neighbours{{code::kEnvoyBeside, envoy.who("envoy")}}));
}

TEST_F(NeighboursTest, ContainersBelowAreSeen) {
  const TestCgroup cgroup;
  const auto container = cgroup.directory() / "container";
  fs::create_directory(container);
  {
    const NamedProcess agent("pilot-agent", container);
    EXPECT_EQ(processesOf(cgroup), (Neighbours{{code::kSidecar, agent.who("pilot-agent")}}));
  }
  fs::remove(container);
}

TEST_F(NeighboursTest, SandboxesAreKnownByTheirProcessesAlone) {
  const TestCgroup cgroup;
  const NamedProcess runsc("runsc", cgroup.directory());
  EXPECT_EQ(processesOf(cgroup), (Neighbours{{code::kGvisor, runsc.who("runsc")}}));
  const NamedProcess application("application", cgroup.directory());
  EXPECT_EQ(processesOf(cgroup), Neighbours{}) << "a workload that starts sandboxes itself";
}

// gVisor starts itself by /proc/self/exe, and says who it is by its first argument.
TEST_F(NeighboursTest, GvisorsSandboxIsKnownByItsArgument) {
  const TestCgroup cgroup;
  const NamedProcess sentry("exe", cgroup.directory(), "runsc-sandbox");
  const NamedProcess stub("exe", cgroup.directory());
  EXPECT_EQ(processesOf(cgroup), (Neighbours{{code::kGvisor, sentry.who("runsc")}}));
}

TEST_F(NeighboursTest, VirtualMachinesOfKataAreKnownAlsoByACutName) {
  for (const std::string name : {"qemu-system-x86_64", "cloud-hypervisor", "firecracker"}) {
    const TestCgroup cgroup;
    const NamedProcess machine(name, cgroup.directory(), "/proc/self/exe");
    const NamedProcess helper("virtiofsd", cgroup.directory());
    const auto found = processesOf(cgroup);
    ASSERT_EQ(found.size(), 1U) << name;
    EXPECT_EQ(found[0].code, code::kVirtualMachine);
  }
}

TEST_F(NeighboursTest, HelpersAloneMeanNothing) {
  const TestCgroup cgroup;
  const NamedProcess exe("exe", cgroup.directory());
  const NamedProcess helper("virtiofsd", cgroup.directory());
  EXPECT_EQ(processesOf(cgroup), Neighbours{});
}

TEST_F(NeighboursTest, PortsAreThoseOfTheNamespaceThatListen) {
  const TestNamespace there;
  std::vector<Fd> listeners;
  const auto ports = there.inside([&] {
    auto [listener, port] = listenAt("127.0.0.1");
    listeners.push_back(std::move(listener));
    const auto connected = connectTo("127.0.0.1", port);
    auto found = *listeningPorts();
    EXPECT_EQ(found, std::set<uint16_t>{port});
    return Result<std::set<uint16_t>>(found);
  });
  EXPECT_TRUE(ports.ok());
  EXPECT_FALSE(listeningPorts()->contains(*ports->begin()));
}

TEST(NeighbourListeners, BothOfIstiosPortsMakeAMesh) {
  Neighbours found;
  addListeners({80, 15001}, found);
  addListeners({80, 15006}, found);
  EXPECT_EQ(found, Neighbours{});
  addListeners({80, 15001, 15006, 15008}, found);
  EXPECT_EQ(found, (Neighbours{{code::kMeshRedirect, "ports 15001 and 15006"}}));
}

TEST(NeighbourListeners, OfASidecarThatWasFoundAreNotNamedTwice) {
  Neighbours found{{code::kSidecar, "pilot-agent (pid 7)"}};
  addListeners({15001, 15006}, found);
  EXPECT_EQ(found.size(), 1U);
}

}  // namespace
}  // namespace sluice::broker
