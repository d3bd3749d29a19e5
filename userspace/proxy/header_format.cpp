// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/header_format.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "userspace/proxy/http1/chars.h"

namespace sluice::proxy {

namespace {

std::string_view valueOf(const http1::HeaderList& headers, std::string_view name) {
  for (const auto& field : headers.all())
    if (http1::sameIgnoringCase(field.name, name)) return field.value;
  return {};
}

/// The pseudo header fields of HTTP/2, RFC 9113 §8.3.1, and Host; empty for others.
std::string_view controlData(const http1::RequestHead& head, std::string_view name) {
  if (name == ":method") return head.method;
  if (name == ":path") return head.path;
  if (name == ":authority" || http1::sameIgnoringCase(name, "host")) return head.authority;
  return name == ":scheme" ? "http" : "";
}

std::string_view portText(std::string_view address) {
  return address.substr(address.rfind(':') + 1);
}

}  // namespace

HeaderFormat::HeaderFormat(std::string_view text) {
  while (!text.empty()) {
    const size_t begin = std::min(text.find('%'), text.size());
    addText(text.substr(0, begin));
    text.remove_prefix(begin);
    if (text.empty()) return;
    const size_t end = text.find('%', 1);
    Piece piece;
    if (end == 1) {
      addText("%");
    } else if (end == text.npos || !parse(text.substr(1, end - 1), piece)) {
      addText(text.substr(0, 1));
      text.remove_prefix(1);
      continue;
    } else {
      pieces_.push_back(std::move(piece));
    }
    text.remove_prefix(end + 1);
  }
}

void HeaderFormat::addText(std::string_view text) {
  if (text.empty()) return;
  if (pieces_.empty() || pieces_.back().kind != Kind::kText) pieces_.emplace_back();
  pieces_.back().text.append(text);
}

bool HeaderFormat::parse(std::string_view variable, Piece& piece) {
  constexpr std::pair<std::string_view, Kind> kPlain[] = {
      {"PROTOCOL", Kind::kProtocol},
      {"RESPONSE_CODE", Kind::kStatus},
      {"UPSTREAM_HOST", Kind::kEndpoint},
      {"UPSTREAM_REMOTE_ADDRESS", Kind::kEndpoint},
      {"DOWNSTREAM_REMOTE_ADDRESS", Kind::kClient},
      {"DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", Kind::kClientAddress},
      {"DOWNSTREAM_REMOTE_PORT", Kind::kClientPort},
  };
  for (const auto& [name, kind] : kPlain) {
    if (variable != name) continue;
    piece.kind = kind;
    return true;
  }
  return parseField(variable, piece);
}

/// "REQ(name?other):length".
bool HeaderFormat::parseField(std::string_view variable, Piece& piece) {
  const size_t open = variable.find('(');
  const size_t close = variable.rfind(')');
  if (open == variable.npos || close == variable.npos || close < open) return false;
  const auto function = variable.substr(0, open);
  if (function != "REQ" && function != "RESP") return false;
  piece.kind = function == "REQ" ? Kind::kRequest : Kind::kResponse;
  const auto names = variable.substr(open + 1, close - open - 1);
  const size_t question = names.find('?');
  piece.text = names.substr(0, question);
  if (question != names.npos) piece.other = names.substr(question + 1);
  const auto rest = variable.substr(close + 1);
  if (rest.empty()) return true;
  const auto [end, error] =
      std::from_chars(rest.data() + 1, rest.data() + rest.size(), piece.longest);
  return rest.front() == ':' && error == std::errc() && end == rest.data() + rest.size();
}

std::string_view HeaderFormat::fieldOf(const FormatInput& input, Kind kind, std::string_view name) {
  if (kind == Kind::kResponse) {
    if (input.response == nullptr) return {};
    return input.draft != nullptr ? input.draft->value(name)
                                  : valueOf(input.response->fields.headers, name);
  }
  if (input.request == nullptr) return {};
  if (const auto data = controlData(*input.request, name); !data.empty()) return data;
  const bool changing = input.draft != nullptr && input.response == nullptr && input.status == 0;
  return changing ? input.draft->value(name) : valueOf(input.request->fields.headers, name);
}

void HeaderFormat::append(const Piece& piece, const FormatInput& input, std::string& out) {
  switch (piece.kind) {
    case Kind::kText:
      out.append(piece.text);
      break;
    case Kind::kRequest:
    case Kind::kResponse: {
      auto value = fieldOf(input, piece.kind, piece.text);
      if (value.empty()) value = fieldOf(input, piece.kind, piece.other);
      out.append(value.substr(0, piece.longest));
      break;
    }
    case Kind::kProtocol:
      if (input.request != nullptr) out.append(input.request->version);
      break;
    case Kind::kStatus:
      if (input.status != 0) out.append(std::to_string(input.status));
      break;
    case Kind::kEndpoint:
      if (input.endpoint != nullptr) out.append(input.endpoint->text());
      break;
    case Kind::kClient:
      if (input.client != nullptr) out.append(input.client->text());
      break;
    case Kind::kClientAddress:
      if (input.client != nullptr) out.append(input.client->ip.text());
      break;
    case Kind::kClientPort:
      if (input.client != nullptr) out.append(portText(input.client->text()));
      break;
  }
}

void HeaderFormat::append(const FormatInput& input, std::string& out) const {
  for (const auto& piece : pieces_) append(piece, input, out);
}

bool HeaderFormat::needsRequest() const {
  return std::ranges::any_of(pieces_, [](const Piece& piece) {
    return piece.kind == Kind::kRequest || piece.kind == Kind::kProtocol;
  });
}

}  // namespace sluice::proxy
