// SPDX-License-Identifier: Apache-2.0
// Rules of one VirtualService that no request ever reaches, because an earlier rule takes all of
// them (IST0130), and matches that add nothing (IST0131).
#pragma once

#include "userspace/model/resources.h"
#include "userspace/source/findings.h"

namespace sluice::source {

/// Istio: analyzeUnreachableHTTPRules and its siblings for TCP and TLS. Two matches are the same
/// when they are equal but for their name.
void checkReachability(const VirtualService& resource, const FieldPath& spec, Findings& findings);

}  // namespace sluice::source
