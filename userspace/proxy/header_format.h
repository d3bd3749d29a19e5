// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/model/address.h"
#include "userspace/proxy/head_draft.h"
#include "userspace/proxy/http1/head.h"
#include "userspace/proxy/response_flags.h"
#include "userspace/routing/header_variables.h"
#include "userspace/routing/route_table.h"

namespace sluice::proxy {

/// What the variables of a header value can speak of; borrows everything. What is null or empty is
/// unknown at that moment.
struct FormatInput {
  const http1::RequestHead* request = nullptr;
  /// What rules see of the request where its head has another, or none.
  std::string_view path = {}, authority = {};
  const http1::ResponseHead* response = nullptr;
  /// The fields of the head that is being made: of a request as long as there is no status, then
  /// of the response. Null: those that came.
  const HeadDraft* draft = nullptr;
  std::string_view protocol = {};  ///< the client's: "HTTP/1.1"
  const SocketAddress* client = nullptr;
  std::optional<SocketAddress> called = {};
  const SocketAddress* endpoint = nullptr;
  const routing::ClusterKey* cluster = nullptr;
  std::string_view route_name = {};
  std::string_view workload = {};  ///< the client's name
  std::chrono::system_clock::time_point started = {};
  ResponseFlags flags = {};
  int status = 0;  ///< of the response
};

/// A header value with Envoy's variables, "a %REQ(x-b)% 100%%": those of header_variables.def.
class HeaderFormat {
 public:
  explicit HeaderFormat(std::string_view text) : pieces_(routing::headerPieces(text)) {}

  /// Appends the value to `out`. Envoy: a variable without a value is empty; so is one that is not
  /// known here.
  void append(const FormatInput& input, std::string& out) const;

  /// Whether it speaks of the request, which is no longer there when the response comes.
  bool needsRequest() const;

 private:
  std::vector<routing::HeaderPiece> pieces_;
};

}  // namespace sluice::proxy
