// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/header_format.h"

#include <algorithm>

#include "userspace/proxy/http1/chars.h"
#include "userspace/proxy/time_format.h"

namespace sluice::proxy {

namespace {

using Piece = routing::HeaderPiece;
using Variable = routing::HeaderVariable;

std::string_view valueOf(const http1::HeaderList& headers, std::string_view name) {
  for (const auto& field : headers.all())
    if (http1::sameIgnoringCase(field.name, name)) return field.value;
  return {};
}

/// The pseudo header fields of HTTP/2, RFC 9113 §8.3.1, and Host; empty for others.
std::string_view controlData(const FormatInput& input, std::string_view name) {
  const http1::RequestHead& head = *input.request;
  if (name == ":method") return head.method;
  if (name == ":path") return input.path.empty() ? head.path : input.path;
  if (name == ":authority" || http1::sameIgnoringCase(name, "host"))
    return input.authority.empty() ? head.authority : input.authority;
  return name == ":scheme" ? "http" : "";
}

std::string_view fieldOf(const FormatInput& input, Variable kind, std::string_view name) {
  if (kind == Variable::kResponse) {
    if (input.response == nullptr) return {};
    return input.draft != nullptr ? input.draft->value(name)
                                  : valueOf(input.response->fields.headers, name);
  }
  if (input.request == nullptr) return {};
  if (const auto data = controlData(input, name); !data.empty()) return data;
  const bool changing = input.draft != nullptr && input.response == nullptr && input.status == 0;
  return changing ? input.draft->value(name) : valueOf(input.request->fields.headers, name);
}

void appendField(const Piece& piece, const FormatInput& input, std::string& out) {
  auto value = fieldOf(input, piece.kind, piece.text);
  if (value.empty()) value = fieldOf(input, piece.kind, piece.other);
  out.append(value.substr(0, piece.longest));
}

enum class Part { kWhole, kIp, kPort };

void appendAddress(const SocketAddress* address, Part part, std::string& out) {
  if (address == nullptr) return;
  if (part == Part::kPort)
    out.append(std::to_string(address->port));
  else
    out.append(part == Part::kIp ? address->ip.text() : address->text());
}

void appendPiece(const Piece& piece, const FormatInput& input, std::string& out) {
  switch (piece.kind) {
    case Variable::kText:
      out.append(piece.text);
      break;
    case Variable::kRequest:
    case Variable::kResponse:
      appendField(piece, input, out);
      break;
    case Variable::kStartTime:
      appendTime(input.started, piece.text, out);
      break;
    case Variable::kProtocol:
      out.append(input.protocol);
      break;
    case Variable::kStatus:
      if (input.status != 0) out.append(std::to_string(input.status));
      break;
    case Variable::kFlags:
      out.append(input.flags.text());
      break;
    case Variable::kRouteName:
      out.append(input.route_name);
      break;
    case Variable::kHostname:
      out.append(input.workload);
      break;
    case Variable::kCluster:
      if (input.cluster != nullptr) out.append(input.cluster->text());
      break;
    case Variable::kEndpoint:
      appendAddress(input.endpoint, Part::kWhole, out);
      break;
    case Variable::kCalled:
      appendAddress(input.called ? &*input.called : nullptr, Part::kWhole, out);
      break;
    case Variable::kCalledAddress:
      appendAddress(input.called ? &*input.called : nullptr, Part::kIp, out);
      break;
    case Variable::kCalledPort:
      appendAddress(input.called ? &*input.called : nullptr, Part::kPort, out);
      break;
    case Variable::kClient:
      appendAddress(input.client, Part::kWhole, out);
      break;
    case Variable::kClientAddress:
      appendAddress(input.client, Part::kIp, out);
      break;
    case Variable::kClientPort:
      appendAddress(input.client, Part::kPort, out);
      break;
    case Variable::kServerName:  // requests do not come encrypted
    case Variable::kUnknown:
      break;
  }
}

}  // namespace

void HeaderFormat::append(const FormatInput& input, std::string& out) const {
  for (const auto& piece : pieces_) appendPiece(piece, input, out);
}

bool HeaderFormat::needsRequest() const {
  return std::ranges::any_of(pieces_,
                             [](const Piece& piece) { return piece.kind == Variable::kRequest; });
}

}  // namespace sluice::proxy
