// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "userspace/observe/json.h"

namespace sluice::cli {

/// Asks the agent that listens on `socket_path` and waits for its answer. kUnavailable: no agent,
/// or no answer within `timeout`; kPermission: the socket belongs to another user; otherwise the
/// error that the agent answers.
Result<observe::Json> ask(const std::string& socket_path, const observe::Json& request,
                          std::chrono::milliseconds timeout);

/// The same, for an agent that may not listen yet, or may end before it answers: tries again until
/// `timeout`, hence only for requests that may be asked twice.
Result<observe::Json> askPatiently(const std::string& socket_path, const observe::Json& request,
                                   std::chrono::milliseconds timeout);

/// Asks for what is answered for as long as somebody listens, and hands on each answer until
/// `listen` says false. Like ask() until the first answer, without a limit after it; kUnavailable
/// when the agent ends.
Result<void> follow(const std::string& socket_path, const observe::Json& request,
                    std::chrono::milliseconds timeout,
                    const std::function<bool(const observe::Json& answer)>& listen);

}  // namespace sluice::cli
