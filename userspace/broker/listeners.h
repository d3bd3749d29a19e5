// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "userspace/base/fd.h"
#include "userspace/base/result.h"
#include "userspace/broker/file_identity.h"
#include "userspace/model/address.h"

namespace sluice::broker {

/// What the broker keeps open in a workload's network namespace; all non-blocking.
struct Listeners {
  Fd listener4;  ///< 0.0.0.0, device lo: all of 127/8, and nothing from outside
  Fd listener6;  ///< [::1]; empty where the namespace has no IPv6
  /// 127.0.0.1; nobody accepts. It shows the kernel programs that the broker lives:
  /// bpf_skc_lookup_tcp does not find listeners that are bound to a device.
  Fd alive;
  uint16_t listener4_port = 0;  ///< host byte order
  uint16_t listener6_port = 0;
  uint16_t alive_port = 0;
  uint64_t netns_cookie = 0;  ///< 0: the kernel does not tell (before 5.14)

  /// In the calling thread's namespace.
  static Result<Listeners> open();

  /// Opens listener6 if it is absent and the calling thread's namespace has IPv6 by now.
  Result<void> addV6();
};

/// The listeners that another sluiced has had for a workload.
struct InheritedListeners {
  FileIdentity network_namespace;
  Listeners listeners;
};

/// The first address of each family in the calling thread's namespace that others can reach:
/// neither loopback nor link-local. Zero where there is none.
struct OwnAddresses {
  IpAddress v4;
  IpAddress v6;

  static Result<OwnAddresses> find();
};

}  // namespace sluice::broker
