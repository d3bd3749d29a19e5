// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/sandbox.h"

#include <fmt/format.h>
#include <seccomp.h>
#include <sys/capability.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <system_error>

#include "userspace/broker/sandbox_calls.h"

namespace sluice::broker {

namespace {

struct FreeCaps {
  void operator()(cap_t caps) const { ::cap_free(caps); }
};
using Caps = std::unique_ptr<std::remove_pointer_t<cap_t>, FreeCaps>;

struct FreeFilter {
  void operator()(scmp_filter_ctx filter) const { ::seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, FreeFilter>;

// libseccomp returns -errno.
Error seccompError(const char* what, int result) {
  return Error::system(fmt::format("seccomp: {}", what), -result);
}

Result<void> expectOneThread() {
  std::error_code error;
  const std::filesystem::directory_iterator tasks("/proc/self/task", error);
  if (error) return Error::system("read /proc/self/task", error.value());
  if (std::distance(begin(tasks), end(tasks)) == 1) return {};
  return Error(Error::Code::kInvalid, "enter the sandbox: other threads would stay outside");
}

// First, while CAP_SETPCAP is there. Without the bounding set no execve() gives rights back.
Result<void> emptyBoundingSet() {
  for (cap_value_t cap = 0; CAP_IS_SUPPORTED(cap); ++cap) {
    if (::cap_get_bound(cap) == 0) continue;
    if (::cap_drop_bound(cap) != 0) return Error::system("drop a capability from the bounding set");
  }
  return {};
}

Result<void> dropCapabilities() {
  SLUICE_TRY(emptyBoundingSet());
  if (::cap_reset_ambient() != 0) return Error::system("drop ambient capabilities");
  const Caps none(::cap_init());
  if (!none) return Error::system("cap_init");
  if (::cap_set_proc(none.get()) != 0) return Error::system("drop capabilities");
  return {};
}

// Calls that this architecture does not have (open, stat, … on arm64) cannot be made either.
Result<void> allowCalls(scmp_filter_ctx filter) {
  for (const int call : kAllowedCalls) {
    const int result = ::seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
    if (result != 0 && result != -EDOM) return seccompError("allow a call", result);
  }
  return {};
}

Result<void> allowLimitedCalls(scmp_filter_ctx filter) {
  for (const auto& limited : kLimitedCalls) {
    const scmp_arg_cmp comparison{limited.argument, SCMP_CMP_MASKED_EQ, limited.mask,
                                  limited.value};
    const int result =
        ::seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, limited.call, 1, &comparison);
    // EACCES, EEXIST: the sanitizers' calls are allowed whatever their arguments.
    if (result != 0 && result != -EDOM && result != -EEXIST) {
      return seccompError("limit a call", result);
    }
  }
  return {};
}

// abort() and raise(), for this process alone.
Result<void> allowSignallingItself(scmp_filter_ctx filter) {
  const int result = ::seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                                        SCMP_A0(SCMP_CMP_EQ, static_cast<uint64_t>(::getpid())));
  return result == 0 || result == -EEXIST ? Result<void>() : seccompError("allow tgkill", result);
}

// Its flags are behind a pointer, out of a filter's sight; without it glibc takes clone().
Result<void> hideClone3(scmp_filter_ctx filter) {
  const int result = ::seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
  return result == 0 ? Result<void>() : seccompError("hide clone3", result);
}

Result<void> filterCalls() {
  const Filter filter(::seccomp_init(SCMP_ACT_ERRNO(EPERM)));
  if (!filter) return Error(Error::Code::kSystem, "seccomp_init");
  SLUICE_TRY(allowCalls(filter.get()));
  SLUICE_TRY(allowLimitedCalls(filter.get()));
  SLUICE_TRY(allowSignallingItself(filter.get()));
  SLUICE_TRY(hideClone3(filter.get()));
  // Sets no_new_privs first (seccomp_attr_set(3), SCMP_FLTATR_CTL_NNP).
  const int result = ::seccomp_load(filter.get());
  return result == 0 ? Result<void>() : seccompError("load the filter", result);
}

}  // namespace

Result<void> enterSandbox() {
  SLUICE_TRY(expectOneThread());
  SLUICE_TRY(dropCapabilities());
  return filterCalls();
}

}  // namespace sluice::broker
