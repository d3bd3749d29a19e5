// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "userspace/cli/commands.h"
#include "userspace/routing/explain.h"

namespace sluice::cli {

/// The call that the arguments of `explain` describe. kInvalid, with a hint, when --from, --to or
/// a header is not of its form.
Result<routing::ExplainRequest> readCall(const ExplainArguments& arguments);

}  // namespace sluice::cli
