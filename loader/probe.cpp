// SPDX-License-Identifier: Apache-2.0
#include "loader/probe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/capability.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "loader/features.h"
#include "loader/libbpf_log.h"
#include "loader/map_data_plane.h"
#include "loader/other_programs.h"
#include "loader/pins.h"
#include "loader/programs.h"
#include "userspace/base/fd.h"
#include "userspace/model/cgroup2.h"
#include "userspace/model/codes.h"

namespace sluice::loader {

namespace {

using Status = Probe::Status;

constexpr size_t kLogLines = 20;

Probe failed(std::string name, const Error& error) {
  return {std::move(name), Status::kFail, error.message(), error.hint()};
}

Probe probeKernel() {
  utsname names{};
  if (::uname(&names) != 0) return failed("kernel", Error::system("uname"));
  return {"kernel", Status::kOk, fmt::format("{} {}", names.release, names.machine), ""};
}

Probe probeCgroup2() {
  const auto mount_point = findCgroup2Mount();
  if (!mount_point) return failed("cgroup2", mount_point.error());
  return {"cgroup2", Status::kOk, *mount_point, ""};
}

Probe probeBpffs(const std::string& pin_root) {
  if (const auto checked = checkBpffs(pin_root); !checked) return failed("bpffs", checked.error());
  return {"bpffs", Status::kOk, pin_root, ""};
}

bool hasCapability(cap_value_t capability) {
  const std::unique_ptr<std::remove_pointer_t<cap_t>, int (*)(void*)> mine(cap_get_proc(),
                                                                           cap_free);
  cap_flag_value_t value = CAP_CLEAR;
  return mine && cap_get_flag(mine.get(), capability, CAP_EFFECTIVE, &value) == 0 &&
         value == CAP_SET;
}

Probe probeCapabilities() {
  struct Needed {
    cap_value_t number;
    const char* name;
  };
  constexpr std::array kNeeded{Needed{CAP_BPF, "BPF"}, Needed{CAP_NET_ADMIN, "NET_ADMIN"},
                               Needed{CAP_PERFMON, "PERFMON"}, Needed{CAP_SYS_ADMIN, "SYS_ADMIN"}};
  std::string missing;
  for (const auto& needed : kNeeded) {
    if (!hasCapability(needed.number)) missing += fmt::format(" CAP_{}", needed.name);
  }
  if (missing.empty()) return {"capabilities", Status::kOk, "all that the broker needs", ""};
  return {"capabilities", Status::kFail, "missing:" + missing, "run as root"};
}

Probe probeSetRetval() {
  if (hasSetRetval()) return {"set_retval", Status::kOk, "connections are refused by error", ""};
  return {"set_retval", Status::kWarn,
          "not before Linux 5.18: connections are refused by a closed port, "
          "those of sockets that are bound to a device with EPERM",
          "use a newer kernel"};
}

Probe probeSkcLookup() {
  if (hasSkcLookup()) return {"skc_lookup", Status::kOk, "a stopped agent is noticed at once", ""};
  return {"skc_lookup", Status::kFail, "bpf_skc_lookup_tcp is missing in connect hooks",
          "use Linux 5.10 or newer"};
}

Probe probeNetnsCookie() {
  const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  uint64_t cookie = 0;
  socklen_t size = sizeof(cookie);
  constexpr int kNetnsCookie = 71;  // SO_NETNS_COOKIE, asm-generic/socket.h since 5.14
  if (::getsockopt(socket.get(), SOL_SOCKET, kNetnsCookie, &cookie, &size) == 0) {
    return {"netns_cookie", Status::kOk, fmt::format("{}", cookie), ""};
  }
  return {
      "netns_cookie", Status::kWarn,
      "not before Linux 5.14: a process of a workload that has entered another network namespace "
      "is not told apart, and may be sent to the listener of that one",
      "use a newer kernel"};
}

/// Whether a process without capabilities reads that map: what the agent does, tried by a child.
/// Between fork and exit it makes system calls alone.
bool readsWithoutCapabilities(const Fd& map) {
  const pid_t child = ::fork();
  if (child == 0) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
    const uint32_t key = 0;
    uint64_t value = 0;
    const bool reads = ::syscall(SYS_capset, &header, none.data()) == 0 &&
                       bpf_map_lookup_elem(map.get(), &key, &value) == 0;
    ::_exit(reads ? 0 : 1);
  }
  int status = 1;
  return child > 0 && ::waitpid(child, &status, 0) == child && status == 0;
}

/// Before 5.19 a switch closes bpf(2) to those without capabilities altogether, descriptors of maps
/// or not.
Probe probeAgentMaps() {
  const Fd map(
      bpf_map_create(BPF_MAP_TYPE_ARRAY, "probe", sizeof(uint32_t), sizeof(uint64_t), 1, nullptr));
  if (!map) return failed("agent_maps", Error::system("make a map", errno));
  if (readsWithoutCapabilities(map))
    return {"agent_maps", Status::kOk, "the agent can use maps without capabilities", ""};
  return {"agent_maps", Status::kFail,
          "this kernel closes bpf(2) to the agent, which has no capabilities", kAgentMapsRemedy};
}

/// Loads everything, without pins. Null when the kernel refuses.
Programs loadUnpinned(Probe& probe) {
  const LibbpfLog log;
  auto skeleton = openPrograms(true);
  if (!skeleton) {
    probe = failed("programs", skeleton.error());
    return nullptr;
  }
  if (const int error = programs::load(skeleton->get()); error != 0) {
    probe = failed("programs", Error::system("load", -error, log.tail(kLogLines)));
    return nullptr;
  }
  probe = {"programs", Status::kOk, "the kernel takes all programs and maps", ""};
  return *std::move(skeleton);
}

/// A cgroup of our own, removed when this goes.
class ThrowAwayCgroup {
 public:
  explicit ThrowAwayCgroup(const std::string& root)
      : path_(fmt::format("{}/sluice-probe-{}", root, ::getpid())) {
    if (::mkdir(path_.c_str(), 0700) != 0) return;
    fd_ = Fd(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  ~ThrowAwayCgroup() { ::rmdir(path_.c_str()); }
  ThrowAwayCgroup(const ThrowAwayCgroup&) = delete;
  ThrowAwayCgroup& operator=(const ThrowAwayCgroup&) = delete;

  /// -1 when it could not be made; errno says why.
  int fd() const { return fd_.get(); }

 private:
  std::string path_;
  Fd fd_;
};

Probe probeAttach(const Programs& skeleton) {
  const auto root = findCgroup2Mount();
  if (!skeleton || !root) {
    return {"attach", Status::kFail, "not tried: needs the programs and cgroup2", ""};
  }
  const ThrowAwayCgroup cgroup(*root);
  if (cgroup.fd() < 0) return failed("attach", Error::system("make a cgroup below " + *root));
  const Fd link(bpf_link_create(bpf_program__fd(skeleton->progs.connect4), cgroup.fd(),
                                BPF_CGROUP_INET4_CONNECT, nullptr));
  if (!link) {
    return failed("attach", Error::system("attach to a cgroup", errno,
                                          "a program that was attached at the root without "
                                          "BPF_F_ALLOW_MULTI keeps others away"));
  }
  return {"attach", Status::kOk, "programs can be attached to cgroups", ""};
}

/// Of the root: they meet every workload. Programs of ours are never attached there.
void probeNeighbours(std::vector<Probe>& probes) {
  const auto root = findCgroup2Mount();
  if (!root) return;
  const Fd cgroup(::open(root->c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto found = otherPrograms(cgroup.get(), 0);
  for (const auto& [code, who] : found) {
    const auto& kind = *findCode(code);
    probes.push_back({"neighbours", Status::kWarn, fmt::format("{} {}: {}", code, who, kind.says),
                      std::string(kind.remedy)});
  }
  if (found.empty())
    probes.push_back({"neighbours", Status::kOk, "nobody else is on the hooks of all cgroups", ""});
}

}  // namespace

std::vector<Probe> probe(const std::string& pin_root) {
  std::vector<Probe> probes{probeKernel(),        probeCapabilities(), probeCgroup2(),
                            probeBpffs(pin_root), probeSetRetval(),    probeSkcLookup(),
                            probeNetnsCookie(),   probeAgentMaps()};
  const auto skeleton = loadUnpinned(probes.emplace_back());
  probes.push_back(probeAttach(skeleton));
  probeNeighbours(probes);
  return probes;
}

}  // namespace sluice::loader
