// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "userspace/routing/route_table.h"

namespace sluice::routing {

/// Adds why the policies of a route's destinations need the proxy: each kind once, with the place
/// that it was written in.
void addPolicyReasons(const ServiceRoute& route, std::vector<Reason>& reasons);

/// Whether connections are encrypted by what the policy itself names (SIMPLE, MUTUAL).
bool encrypts(const ClientTlsSettings& tls);
/// How connections to a destination with this policy are encrypted; null: they are not.
const ClientTlsSettings* encryption(const ClusterPolicy& policy);

/// Why nothing may be sent to a destination with this policy: it asks for something in front of the
/// bytes that this version cannot do. Null: it does not.
const char* whyNothingIsSent(const ClusterPolicy& policy);

/// Whether all destinations of a route may be sent a client's bytes as they are. Others must not
/// get in plain text what is to be encrypted, because nobody is there to do it.
bool takesBareBytes(const ServiceRoute& route);

}  // namespace sluice::routing
