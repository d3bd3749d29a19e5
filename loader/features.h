// SPDX-License-Identifier: Apache-2.0
// What this kernel can do, found out by doing it. Needs the broker's capabilities.
#pragma once

namespace sluice::loader {

/// bpf_set_retval() in cgroup/connect4 (Linux 5.18): refusing with another error than EPERM.
bool hasSetRetval();

/// bpf_skc_lookup_tcp() in cgroup/connect4: asking whether the broker lives.
bool hasSkcLookup();

}  // namespace sluice::loader
