// SPDX-License-Identifier: Apache-2.0
// Parsing of message heads, in place: what is found points into the caller's bytes.
//
// Contract of both parsers (picohttpparser's): no state, no allocation; the answer is either
// "complete, so many bytes", "partial, come again with more", or a refusal. A partial head is
// parsed again from its start when more has arrived; `last_size`, the size of the previous try,
// makes the tries before the end cost no more than a scan of the new bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "userspace/proxy/http1/chars.h"
#include "userspace/proxy/http1/limits.h"
#include "userspace/proxy/http1/refusal.h"

namespace sluice::http1 {

struct Header {
  std::string_view name;   ///< as sent
  std::string_view value;  ///< without the whitespace around it
};

/// The fields of a head in their order.
class HeaderList {
 public:
  std::span<const Header> all() const { return {headers_.data(), size_}; }
  size_t size() const { return size_; }
  const Header& operator[](size_t index) const { return headers_[index]; }
  /// The first of that name, which has no capitals; null: there is none.
  const Header* find(std::string_view lower_case) const {
    for (const auto& field : all())
      if (equalsIgnoringCase(field.name, lower_case)) return &field;
    return nullptr;
  }
  /// Its value; empty: there is none.
  std::string_view value(std::string_view lower_case) const {
    const auto* field = find(lower_case);
    return field == nullptr ? std::string_view() : field->value;
  }

  /// Null when the list is full.
  Header* add() { return size_ < headers_.size() ? &headers_[size_++] : nullptr; }
  void clear() { size_ = 0; }

 private:
  std::array<Header, kMaxHeaders> headers_;
  size_t size_ = 0;
};

/// How the end of a body is found (RFC 9112 §6.3).
enum class BodyKind : uint8_t { kNone, kLength, kChunked, kUntilClose };

/// What the fields of a head say about framing and about the connection.
struct Fields {
  HeaderList headers;
  std::string_view host;
  int hosts = 0;
  bool has_length = false;
  bool chunked = false;
  uint64_t content_length = 0;
  bool close = false;        ///< Connection: close
  bool keep_alive = false;   ///< Connection: keep-alive
  bool upgrade = false;      ///< Connection: upgrade and an Upgrade that may be forwarded
  bool te_trailers = false;  ///< Connection: TE and TE: trailers
  bool hop_by_hop = false;   ///< some field must not be forwarded as it is

  /// As new; the slots of the header list are not touched.
  void reset();
};

enum class TargetForm : uint8_t { kOrigin, kAbsolute, kAsterisk };

/// A request's head. Slices point into the parsed bytes.
struct RequestHead {
  std::string_view method;
  std::string_view target;     ///< as sent
  std::string_view path;       ///< what is asked for: "/path?query" or "*"; "/" lives in no buffer
  std::string_view authority;  ///< of an absolute target, else of Host; empty in HTTP/1.0 alone
  std::string_view version;    ///< "HTTP/1.1"
  TargetForm form = TargetForm::kOrigin;
  int minor_version = 1;
  Fields fields;

  BodyKind bodyKind() const {
    if (fields.chunked) return BodyKind::kChunked;
    return fields.content_length > 0 ? BodyKind::kLength : BodyKind::kNone;
  }
};

/// A response's head. Slices point into the parsed bytes.
struct ResponseHead {
  int status = 0;
  std::string_view reason;
  std::string_view version;
  int minor_version = 1;
  Fields fields;

  bool isInformational() const { return status < 200; }
  /// Of the response to a request with that method.
  BodyKind bodyKind(bool to_head_request) const;
  /// May the connection carry another request after this response?
  bool keepsAlive() const { return !fields.close && (minor_version == 1 || fields.keep_alive); }
};

/// What became of a try. `skipped` empty-line bytes before a request belong to `consumed`.
struct Parsed {
  size_t consumed = 0;  ///< bytes of the head, empty line included; 0: not complete
  size_t skipped = 0;   ///< bytes before the start line (RFC 9112 §2.2)
  Refusal refusal = Refusal::kNone;

  bool complete() const { return consumed > 0; }
  bool refused() const { return refusal != Refusal::kNone; }
};

/// `head` is meaningful when the answer is complete. `last_size`: 0 at the first try.
Parsed parseRequest(std::string_view bytes, size_t last_size, RequestHead& head);
Parsed parseResponse(std::string_view bytes, size_t last_size, ResponseHead& head);

/// The whole line of header `index`, CRLF included; `head` is what the parser consumed.
std::string_view headerLine(const HeaderList& headers, size_t index, std::string_view head);

/// RFC 9110 §9.2.2: sending it twice has the effect of sending it once.
bool isIdempotent(std::string_view method);

}  // namespace sluice::http1
