// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "userspace/base/result.h"

namespace sluice::broker {

/// Gives up for ever, for this process, all that the agent does not need: every capability, gaining
/// rights by execve(), and all system calls but those of sandbox_calls.h; the others then fail with
/// EPERM (ENOSYS where the C library has another way).
///
/// Call it once, before the second thread: capabilities are a thread's own. kInvalid otherwise.
/// Files can only be opened for reading afterwards; create what is to be written before. To make
/// the admin socket private use umask(), chmod() is not there.
Result<void> enterSandbox();

}  // namespace sluice::broker
