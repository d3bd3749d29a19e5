// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace sluice::test {

/// A TLS record with a ClientHello of TLS 1.2 (RFC 5246 §7.4.1.2) that also offers 1.3
/// (RFC 8446 §4.1.2), for the server `name` (RFC 6066 §3).
std::string clientHello(std::string_view name);

}  // namespace sluice::test
