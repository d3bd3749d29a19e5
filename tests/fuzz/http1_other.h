// SPDX-License-Identifier: Apache-2.0
// A message of HTTP/1 as another parser reads it: http_parser, of Node.js.
#pragma once

#include <http_parser.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "userspace/proxy/http1/body.h"
#include "userspace/proxy/http1/chars.h"
#include "userspace/proxy/http1/head.h"

namespace sluice::fuzz {

/// What both of them say of a message.
struct Http1Message {
  std::string start;  ///< method and target of a request, the status of a response
  std::vector<std::pair<std::string, std::string>> fields;  ///< without trailers
  std::string body;
  size_t size = 0;
  friend bool operator==(const Http1Message&, const Http1Message&) = default;
};

/// The other parser takes "Transfer-Encodingz" for a Transfer-Encoding.
inline bool confusesTheOther(const http1::HeaderList& headers) {
  constexpr std::string_view kName = "transfer-encoding";
  for (const http1::Header& header : headers.all()) {
    const bool longer = header.name.size() > kName.size();
    if (longer && http1::equalsIgnoringCase(header.name.substr(0, kName.size()), kName))
      return true;
  }
  return false;
}

inline void addFields(const http1::HeaderList& headers, Http1Message& message) {
  for (const http1::Header& header : headers.all())
    message.fields.emplace_back(header.name, header.value);
}

/// By our reading: the body that follows a head of `head_size` bytes; false when it is not whole.
/// What the connection's end delimits is whole.
inline bool readBody(std::string_view bytes, size_t head_size, http1::BodyKind kind,
                     uint64_t length, Http1Message& message) {
  http1::Body body(kind, length);
  const std::string_view rest = bytes.substr(head_size);
  const size_t taken = body.take(rest);
  message.size = head_size + taken;
  if (kind != http1::BodyKind::kChunked) message.body = rest.substr(0, taken);
  if (!body.done() && kind != http1::BodyKind::kUntilClose) return false;
  http1::ChunkedDecoder chunks;
  for (size_t at = 0; kind == http1::BodyKind::kChunked && !chunks.done();) {
    const auto run = chunks.next(rest.substr(at));
    message.body.append(rest.substr(at + run.framing, run.data));
    at += run.framing + run.data;
  }
  return true;
}

class OtherParser {
 public:
  explicit OtherParser(http_parser_type type) {
    http_parser_init(&parser_, type);
    parser_.data = this;
    http_parser_settings_init(&settings_);
    settings_.on_url = [](http_parser* parser, const char* at, size_t size) {
      return self(parser).target_.append(at, size), 0;
    };
    settings_.on_header_field = [](http_parser* parser, const char* at, size_t size) {
      return self(parser).name(at, size);
    };
    settings_.on_header_value = [](http_parser* parser, const char* at, size_t size) {
      return self(parser).value(at, size);
    };
    settings_.on_headers_complete = [](http_parser* parser) {
      self(parser).in_head_ = false;
      return 0;
    };
    settings_.on_body = [](http_parser* parser, const char* at, size_t size) {
      return self(parser).message_.body.append(at, size), 0;
    };
    settings_.on_message_complete = [](http_parser* parser) { return ++self(parser).messages_, 0; };
  }

  /// Reads all of `bytes`, and the end behind them if `ends`.
  http_errno read(std::string_view bytes, bool ends) {
    message_.size = http_parser_execute(&parser_, &settings_, bytes.data(), bytes.size());
    if (ends) http_parser_execute(&parser_, &settings_, nullptr, 0);
    const bool request = parser_.type == HTTP_REQUEST;
    message_.start = request ? http_method_str(static_cast<http_method>(parser_.method))
                             : std::to_string(parser_.status_code);
    if (request) message_.start += " " + target_;
    for (auto& [name, value] : message_.fields)
      while (value.ends_with(' ') || value.ends_with('\t')) value.pop_back();
    return static_cast<http_errno>(parser_.http_errno);
  }

  const Http1Message& message() const { return message_; }
  int messages() const { return messages_; }

 private:
  static OtherParser& self(http_parser* parser) { return *static_cast<OtherParser*>(parser->data); }

  int name(const char* at, size_t size) {
    if (!in_head_) return 0;
    if (std::exchange(in_value_, false) || message_.fields.empty()) message_.fields.emplace_back();
    message_.fields.back().first.append(at, size);
    return 0;
  }
  int value(const char* at, size_t size) {
    if (!in_head_) return 0;
    in_value_ = true;
    message_.fields.back().second.append(at, size);
    return 0;
  }

  http_parser parser_{};
  http_parser_settings settings_{};
  Http1Message message_;
  std::string target_;
  int messages_ = 0;
  bool in_head_ = true;
  bool in_value_ = false;
};

}  // namespace sluice::fuzz
