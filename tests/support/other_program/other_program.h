// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "userspace/base/fd.h"
#include "userspace/base/result.h"
#include "userspace/model/address.h"

namespace sluice::test {

/// A program of somebody else on a hook of a cgroup; gone with this object, or with the cgroup.
class OtherProgram {
 public:
  /// At connect(), IPv4 alone.
  struct Redirect {
    SocketAddress from;  ///< any port of this address
    SocketAddress to;
  };
  struct Refuse {};
  /// Of sock_ops: wants no callbacks, for anybody.
  struct ClearCallbacks {};

  /// How it is attached.
  enum class How {
    kLink,         ///< others run, too
    kShared,       ///< BPF_F_ALLOW_MULTI: the same
    kReplaceable,  ///< BPF_F_ALLOW_OVERRIDE: one of a cgroup below takes its place
    kAlone,        ///< no flag: nobody may attach below
  };

  static Result<OtherProgram> attach(const std::string& name, const Redirect& redirect,
                                     const std::filesystem::path& cgroup, How how);
  static Result<OtherProgram> attach(const std::string& name, const Refuse& refuse,
                                     const std::filesystem::path& cgroup, How how);
  static Result<OtherProgram> attach(const std::string& name, const ClearCallbacks& clear,
                                     const std::filesystem::path& cgroup, How how);

  OtherProgram(OtherProgram&&) = default;
  ~OtherProgram();

  /// Whether it is attached to the cgroup, whoever has detached it.
  bool isAttached() const;

 private:
  OtherProgram(Fd program, int hook, Fd cgroup)
      : program_(std::move(program)), hook_(hook), cgroup_(std::move(cgroup)) {}
  static Result<OtherProgram> attach(Fd program, int hook, const std::filesystem::path& cgroup,
                                     How how);

  Fd program_;
  int hook_;  ///< bpf_attach_type
  Fd cgroup_, link_;
};

}  // namespace sluice::test
