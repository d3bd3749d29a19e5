// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/bpf.h>

#include <array>
#include <string_view>

namespace sluice::loader {

/// One program and where it is attached.
struct Hook {
  std::string_view name;  ///< of the pin, and of the program
  bpf_attach_type attach_type;
};

/// In the order of attaching. The first one creates the cgroup's storage and changes nothing
/// while that holds no workload id; connect() comes last, when everything that it relies on is
/// there. Detaching goes the other way round.
inline constexpr std::array kHooks{
    Hook{"getpeername4", BPF_CGROUP_INET4_GETPEERNAME},
    Hook{"getpeername6", BPF_CGROUP_INET6_GETPEERNAME},
    Hook{"getsockname4", BPF_CGROUP_INET4_GETSOCKNAME},
    Hook{"getsockname6", BPF_CGROUP_INET6_GETSOCKNAME},
    Hook{"socket_event", BPF_CGROUP_SOCK_OPS},
    Hook{"connect4", BPF_CGROUP_INET4_CONNECT},
    Hook{"connect6", BPF_CGROUP_INET6_CONNECT},
};

/// File descriptors of the loaded programs, in the order of kHooks; borrowed.
using ProgramFds = std::array<int, kHooks.size()>;

}  // namespace sluice::loader
