// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "userspace/base/result.h"

namespace sluice::cli {

/// What scripts may rely on; the same for every output format. Numbers of sysexits.h, and of
/// istioctl for findings.
enum ExitCode : int {
  kOk = 0,
  kFailed = 1,
  kUsage = 64,
  kBadData = 65,
  kAgentUnavailable = 69,
  kNoPermission = 77,
  kFindings = 79,
};

inline ExitCode exitCodeOf(const Error& error) {
  switch (error.code()) {
    case Error::Code::kInvalid:
      return kBadData;
    case Error::Code::kUnavailable:
      return kAgentUnavailable;
    case Error::Code::kPermission:
      return kNoPermission;
    default:
      return kFailed;
  }
}

}  // namespace sluice::cli
