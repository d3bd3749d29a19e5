// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace sluice::routing {

/// The path that rules are matched against: without scheme, authority, query and fragment, `.` and
/// `..` resolved, backslashes turned round, escapes of unreserved characters (RFC 3986 §2.3)
/// decoded. Other escapes and double slashes stay (Istio: path normalisation BASE).
///
/// Answers a part of `target` when there is nothing to do, else a view of `storage`.
std::string_view normalizePath(std::string_view target, std::string& storage);

/// The query of a request target, without "?" and fragment; empty when there is none.
std::string_view queryOf(std::string_view target);

}  // namespace sluice::routing
