// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/neighbours.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/broker/socket_diag.h"
#include "userspace/model/codes.h"

namespace sluice::broker {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostProcesses = 1000;
/// The kernel's TASK_COMM_LEN, without the final NUL.
constexpr size_t kCommLength = 15;

struct KnownProcess {
  std::string_view name;  ///< with "*" at its end: what the name begins with
  const char* code;
};

/// One of them is enough. Istio starts Envoy by pilot-agent, Kuma by kuma-dp, Consul by
/// consul-dataplane; Linkerd's container runs linkerd2-proxy.
constexpr std::array kProxies{
    KnownProcess{"pilot-agent", code::kSidecar},
    KnownProcess{"linkerd2-proxy", code::kSidecar},
    KnownProcess{"consul-dataplane", code::kSidecar},
    KnownProcess{"kuma-dp", code::kSidecar},
    KnownProcess{"envoy", code::kEnvoyBeside},
};

/// What a sandbox consists of on the host. gVisor's name themselves by their first argument; its
/// stubs and Kata's helpers may be there beside them, and alone mean nothing.
constexpr std::array kSandboxes{
    KnownProcess{"runsc*", code::kGvisor},
    KnownProcess{"qemu-system*", code::kVirtualMachine},
    KnownProcess{"cloud-hypervisor", code::kVirtualMachine},
    KnownProcess{"firecracker", code::kVirtualMachine},
    KnownProcess{"stratovirt", code::kVirtualMachine},
    KnownProcess{"containerd-shim-kata-v2", code::kVirtualMachine},
};
constexpr std::array<std::string_view, 4> kSandboxHelpers{"exe", "virtiofsd", "jailer",
                                                          "containerd-shim-runsc-v1"};

/// Istio's ports for what goes out and what comes in, of sidecars and of ztunnel.
constexpr uint16_t kIstioOutbound = 15001;
constexpr uint16_t kIstioInbound = 15006;

struct Process {
  pid_t pid = 0;
  std::string comm;      ///< as /proc/<pid>/comm has it: cut
  std::string argument;  ///< the first one, without its directory; empty: has none
};

std::string firstOf(const fs::path& file, char end) {
  std::ifstream stream(file);
  std::string text;
  std::getline(stream, text, end);
  return text;
}

Process look(pid_t pid) {
  const auto proc = fs::path("/proc") / std::to_string(pid);
  return {pid, firstOf(proc / "comm", '\n'), fs::path(firstOf(proc / "cmdline", '\0')).filename()};
}

bool isNamed(const Process& process, std::string_view name) {
  if (name.ends_with('*')) {
    name.remove_suffix(1);
    return process.argument.starts_with(name) || process.comm.starts_with(name);
  }
  return process.argument == name || process.comm == name.substr(0, kCommLength);
}

/// The processes of one cgroup. 0 stands for those of other process namespaces.
void addPids(const fs::path& cgroup, std::vector<pid_t>& pids) {
  std::ifstream file(cgroup / "cgroup.procs");
  for (pid_t pid = 0; pids.size() < kMostProcesses && file >> pid;)
    if (pid > 0) pids.push_back(pid);
}

/// What goes away meanwhile is left out.
std::vector<Process> processesBelow(int cgroup) {
  const fs::path top = fmt::format("/proc/self/fd/{}/", cgroup);
  std::vector<pid_t> pids;
  addPids(top, pids);
  std::error_code error;
  for (fs::recursive_directory_iterator it(top, error), end; !error && it != end;
       it.increment(error))
    if (it->is_directory(error)) addPids(it->path(), pids);
  std::vector<Process> processes;
  std::ranges::transform(pids, std::back_inserter(processes), &look);
  std::erase_if(processes, [](const Process& process) { return process.comm.empty(); });
  return processes;
}

const KnownProcess* find(std::span<const KnownProcess> known, const Process& process) {
  const auto found = std::ranges::find_if(
      known, [&](const KnownProcess& one) { return isNamed(process, one.name); });
  return found == known.end() ? nullptr : &*found;
}

bool isHelper(const Process& process) {
  return std::ranges::any_of(kSandboxHelpers,
                             [&](std::string_view name) { return isNamed(process, name); });
}

std::string who(const KnownProcess& known, const Process& process) {
  auto name = known.name;
  if (name.ends_with('*')) name.remove_suffix(1);
  return fmt::format("{} (pid {})", name, process.pid);
}

void addProxies(const std::vector<Process>& processes, Neighbours& neighbours) {
  for (const auto& process : processes)
    if (const auto* known = find(kProxies, process); known != nullptr)
      addNeighbour(neighbours, known->code, who(*known, process));
}

/// Of a workload that is nothing else: one that starts virtual machines of its own has processes
/// whose connections are seen.
void addSandboxes(const std::vector<Process>& processes, Neighbours& neighbours) {
  Neighbours sandboxes;
  for (const auto& process : processes) {
    if (const auto* known = find(kSandboxes, process); known != nullptr)
      addNeighbour(sandboxes, known->code, who(*known, process));
    else if (!isHelper(process))
      return;
  }
  for (const auto& sandbox : sandboxes) addNeighbour(neighbours, sandbox.code, sandbox.who);
}

}  // namespace

void addProcesses(int cgroup, Neighbours& neighbours) {
  const auto processes = processesBelow(cgroup);
  addProxies(processes, neighbours);
  addSandboxes(processes, neighbours);
}

Result<std::set<uint16_t>> listeningPorts() {
  const auto diag = SocketDiag::open();
  if (!diag.ok()) return diag.error();
  const auto listeners = diag->listeners();
  if (!listeners.ok()) return listeners.error();
  std::set<uint16_t> ports;
  for (const auto& listener : *listeners) ports.insert(listener.local().port);
  return ports;
}

void addListeners(const std::set<uint16_t>& ports, Neighbours& neighbours) {
  if (std::ranges::find(neighbours, code::kSidecar, &Neighbour::code) != neighbours.end()) return;
  if (!ports.contains(kIstioOutbound) || !ports.contains(kIstioInbound)) return;
  addNeighbour(neighbours, code::kMeshRedirect,
               fmt::format("ports {} and {}", kIstioOutbound, kIstioInbound));
}

}  // namespace sluice::broker
