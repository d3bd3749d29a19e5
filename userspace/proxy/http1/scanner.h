// SPDX-License-Identifier: Apache-2.0
// The syntax that both kinds of head share. Internal to this room.
#pragma once

#include <string_view>

#include "userspace/proxy/http1/chars.h"
#include "userspace/proxy/http1/head.h"

namespace sluice::http1 {

/// Walks over a head. Every step answers whether it got through; when it did not, refusal() says
/// why, and kNone means that the bytes ended.
class Scanner {
 public:
  explicit Scanner(std::string_view bytes)
      : start_(bytes.data()), next_(start_), end_(start_ + bytes.size()) {}

  Refusal refusal() const { return refusal_; }
  size_t position() const { return static_cast<size_t>(next_ - start_); }

  bool refuse(Refusal why) {
    refusal_ = why;
    return false;
  }

  /// At most one empty line, as an old client sends it after a body.
  bool skipEmptyLine();
  /// Bytes of `wanted` up to `stop`, which is taken too.
  bool until(char stop, CharClass wanted, Refusal otherwise, std::string_view& out);
  /// Bytes of a field up to the end of the line, which is taken too.
  bool restOfLine(std::string_view& out);
  /// "HTTP/1.0" or "HTTP/1.1".
  bool version(std::string_view& out, int& minor);
  bool literal(char c, Refusal otherwise);
  bool digit(Refusal otherwise, char& out);
  bool lineEnd();
  /// Header lines up to and including the empty line.
  bool headers(HeaderList& out);

 private:
  bool header(Header& out);
  bool headerName(std::string_view& out);
  Refusal whyNot(char c, Refusal otherwise) const;

  const char* start_;
  const char* next_;
  const char* end_;
  Refusal refusal_ = Refusal::kNone;
};

/// Whether a head that was partial at `last_size` bytes still is. Finds bare line feeds, so that
/// a head without a CRLF is refused and not waited for.
Parsed stillPartial(std::string_view bytes, size_t last_size, bool& complete);

/// What was parsed, or "partial" or its refusal when the head is too large.
Parsed conclude(const Scanner& scanner, bool complete, std::string_view bytes);

/// Reads what the headers say about framing and connection. kNone when all is well.
Refusal examineFields(Fields& fields, int minor_version);

}  // namespace sluice::http1
