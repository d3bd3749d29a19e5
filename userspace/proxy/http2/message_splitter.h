// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "userspace/proxy/http1/body.h"
#include "userspace/proxy/http1/head.h"

namespace sluice::http2 {

/// Where heads are parsed to; 6 KiB, so that splitters share it.
struct HeadScratch {
  http1::RequestHead request;
  http1::ResponseHead response;
};

/// Takes one message of HTTP/1.1 apart as it is written: head, data, trailers. Interim responses
/// come before the message's head.
class MessageSplitter {
 public:
  enum class Kind : uint8_t { kRequest, kResponse };
  enum class Found : uint8_t {
    kNothing,    ///< more bytes are needed
    kHead,       ///< in the scratch, as long as nobody else uses it; points into the bytes
    kData,       ///< Piece::data
    kEnd,        ///< of the message; see eachTrailer()
    kMalformed,  ///< nothing more will be taken
  };
  /// What is at the front of the bytes: `size` of them, `data` included.
  struct Piece {
    Found found = Found::kNothing;
    size_t size = 0;
    std::string_view data = {};
  };

  MessageSplitter(Kind kind, HeadScratch& scratch) : kind_(kind), scratch_(scratch) {}

  /// Of a response: the request was HEAD, so no body follows.
  void expectNoBody() { bodiless_ = true; }

  /// To be called until it finds nothing. The end follows the last piece of a message without
  /// taking bytes.
  Piece next(std::string_view bytes);

  /// After kHead: no data and no trailers follow.
  bool endsWithHead() const { return phase_ == Phase::kEnded; }
  /// Only the end of the connection ends the body.
  bool untilClose() const { return body_.kind() == http1::BodyKind::kUntilClose; }
  bool inBody() const { return phase_ == Phase::kBody; }

  /// visit(name, value) for each field of the trailer section.
  template <typename Visit>
  void eachTrailer(const Visit& visit) const;

 private:
  enum class Phase : uint8_t { kHead, kBody, kEnded, kDone, kFailed };

  Piece head(std::string_view bytes);
  Piece body(std::string_view bytes);
  Piece chunk(std::string_view bytes);
  std::string_view trailerSection() const;

  const Kind kind_;
  HeadScratch& scratch_;
  bool bodiless_ = false;
  Phase phase_ = Phase::kHead;
  http1::Body body_;
  std::string framing_;  ///< of chunks, since the last data: trailers at the end
};

template <typename Visit>
void MessageSplitter::eachTrailer(const Visit& visit) const {
  std::string_view rest = trailerSection();
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find("\r\n"));
    const size_t colon = line.find(':');
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
    while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
    visit(line.substr(0, colon), value);
    rest.remove_prefix(line.size() + 2);
  }
}

}  // namespace sluice::http2
