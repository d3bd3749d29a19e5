// SPDX-License-Identifier: Apache-2.0
// What a proxy changes of a head before it passes it on (RFC 9110 §7.6): its own version, the
// origin form of the target, no hop-by-hop fields. Most heads need nothing and are passed on as
// the bytes that came; the others are written once, fields as slices of the old head.
#pragma once

#include <string>
#include <string_view>

#include "userspace/proxy/http1/head.h"

namespace sluice::http1 {

/// A written head is longer than the one that came by at most this and the size of `default_host`.
inline constexpr size_t kMaxHeadGrowth = 64;

/// Writes the request's head as the server gets it to `out` (cleared first). False, and nothing
/// written, when it can be passed on as it is. `head_bytes`: what the parser consumed.
/// `default_host`: for a request of HTTP/1.0 that names no host.
bool rewriteRequest(const RequestHead& head, std::string_view head_bytes,
                    std::string_view default_host, std::string& out);

struct ResponseChange {
  bool close = false;    ///< the client's connection ends with this response
  bool unchunk = false;  ///< the client reads HTTP/1.0 and gets the body without chunks
};

/// The same for a response's head.
bool rewriteResponse(const ResponseHead& head, std::string_view head_bytes,
                     const ResponseChange& change, std::string& out);

/// The Connection field of a forwarded request: empty, or a line.
std::string_view connectionLine(const Fields& fields);

/// Whether field `index` speaks to the next hop alone. `keep_upgrade`: Upgrade goes on, because
/// Connection will name it.
bool isHopByHop(const Fields& fields, size_t index, bool keep_upgrade);

}  // namespace sluice::http1
