// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "userspace/model/address.h"
#include "userspace/proxy/head_draft.h"
#include "userspace/proxy/http1/head.h"

namespace sluice::proxy {

/// What the variables of a header value can speak of; borrows everything. What is null or empty is
/// unknown at that moment.
struct FormatInput {
  const http1::RequestHead* request = nullptr;
  const http1::ResponseHead* response = nullptr;
  /// The fields of the head that is being made: of a request as long as there is no status, then
  /// of the response. Null: those that came.
  const HeadDraft* draft = nullptr;
  const SocketAddress* client = nullptr;
  const SocketAddress* endpoint = nullptr;
  int status = 0;  ///< of the response
};

/// A header value with Envoy's variables, "a %REQ(x-b)% 100%%". Known are REQ, RESP (each as
/// NAME, NAME?OTHER and with :LENGTH), PROTOCOL, RESPONSE_CODE, UPSTREAM_HOST,
/// UPSTREAM_REMOTE_ADDRESS, DOWNSTREAM_REMOTE_ADDRESS and its forms without the port or with it
/// alone. What is no variable stays as it is written.
class HeaderFormat {
 public:
  explicit HeaderFormat(std::string_view text);

  /// Appends the value to `out`. Envoy: a variable without a value is empty.
  void append(const FormatInput& input, std::string& out) const;

  /// Whether it speaks of the request, which is no longer there when the response comes.
  bool needsRequest() const;

 private:
  enum class Kind {
    kText,
    kRequest,
    kResponse,
    kProtocol,
    kStatus,
    kEndpoint,
    kClient,
    kClientAddress,
    kClientPort,
  };
  struct Piece {
    Kind kind = Kind::kText;
    std::string text;   ///< kText, or the name of a field
    std::string other;  ///< the field to take when the first is absent
    size_t longest = std::string::npos;
  };
  static bool parse(std::string_view variable, Piece& piece);
  static bool parseField(std::string_view variable, Piece& piece);
  static void append(const Piece& piece, const FormatInput& input, std::string& out);
  static std::string_view fieldOf(const FormatInput& input, Kind kind, std::string_view name);
  void addText(std::string_view text);

  std::vector<Piece> pieces_;
};

}  // namespace sluice::proxy
