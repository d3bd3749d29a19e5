// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace sluice::routing {

struct HeaderView {
  std::string_view name;  ///< as sent
  std::string_view value;
};

/// A request as the rules see it; borrows everything.
struct RequestView {
  std::string_view method;
  std::string_view scheme = "http";
  std::string_view authority;  ///< as the client wrote it, port included
  std::string_view target;     ///< path and query, as in the request line
  std::span<const HeaderView> headers;
};

}  // namespace sluice::routing
