// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/cases/backend/stage.h"
#include "userspace/base/fd.h"

namespace sluice::test {

/// Serves one connection until either side has had enough. Bytes that begin a request of HTTP/1
/// get answers of HTTP, others "served-by ADDRESS:PORT" and a line feed; a backend is called after
/// the address that was connected to, and says so in `x-served-by`, too.
void converse(Stage& stage, uint64_t act, Fd socket);

}  // namespace sluice::test
