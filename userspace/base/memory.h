// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace sluice {

/// Gives what was freed back to the system, which malloc does only from the end of its heap. For
/// after work that took much at once. Takes some tens of milliseconds in a process of hundreds of
/// MiB.
void giveBackMemory();

}  // namespace sluice
