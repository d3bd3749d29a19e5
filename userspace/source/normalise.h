// SPDX-License-Identifier: Apache-2.0
// The API has several spellings of the same; the typed resources have one.
#pragma once

#include "userspace/model/resources.h"

namespace sluice::source {

void normalise(VirtualService& resource);
void normalise(Node& resource);
void normalise(Namespace& resource);

/// Kinds that have one spelling only.
template <typename T>
void normalise(T&) {}

}  // namespace sluice::source
