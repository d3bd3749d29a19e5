// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "userspace/proxy/http1/refusal.h"

namespace sluice::http1 {

/// Follows a chunked body (RFC 9112 §7.1) byte by byte, however it arrives, and refuses what is
/// not exactly the grammar: whitespace around sizes and extensions included, although the RFC
/// would tolerate it.
class ChunkedDecoder {
 public:
  /// `most`: bytes of data that all chunks may hold together; the size of the first that exceeds
  /// them is refused.
  explicit ChunkedDecoder(uint64_t most = UINT64_MAX) : allowance_(most) {}

  /// First so many bytes of framing, then so many bytes of data.
  struct Run {
    size_t framing = 0;
    size_t data = 0;
  };

  /// Looks at `bytes` up to the end of the first piece of data in them. Takes nothing when done()
  /// or refused; a refused run ends before the offending byte.
  Run next(std::string_view bytes);

  /// Takes all of `bytes` that belong to the body; how many they are.
  size_t take(std::string_view bytes);

  /// The last byte of the trailer section has been taken.
  bool done() const { return state_ == State::kDone; }
  Refusal refusal() const { return refusal_; }

  /// The value of the trailer `grpc-status`, or the start of one that is too long for it. Empty:
  /// there is none.
  std::string_view grpcStatus() const { return {grpc_status_.data(), grpc_status_size_}; }

 private:
  enum class State : uint8_t {
    kFirstDigit,
    kSize,
    kExtensionStart,
    kExtensionName,
    kExtensionValueStart,
    kExtensionToken,
    kExtensionQuoted,
    kExtensionEscape,
    kExtensionEnd,
    kSizeLf,
    kData,
    kDataCr,
    kDataLf,
    kTrailerStart,
    kTrailerName,
    kTrailerValue,
    kTrailerLf,
    kLastLf,
    kDone,
  };

  bool step(char c);
  bool sizeByte(char c);
  bool sizeEnds();
  bool extensionByte(char c);
  bool extensionSeparator(char c);
  bool trailerByte(char c);
  bool trailerNameByte(char c);
  bool trailerNameEnds();
  bool trailerValueByte(char c);
  bool expect(char wanted, char c, State then, Refusal otherwise);
  bool to(State state);
  bool refuse(Refusal why);

  uint64_t allowance_;      ///< what later chunks may hold together
  uint64_t remaining_ = 0;  ///< size of the current chunk, then what is left of its data
  uint32_t extension_bytes_ = 0;
  uint32_t trailer_bytes_ = 0;
  std::array<char, 24> trailer_name_{};  ///< its start, in lower case
  uint32_t trailer_name_size_ = 0;       ///< may exceed the array
  std::array<char, 4> grpc_status_{};    ///< longer than any status
  uint8_t grpc_status_size_ = 0;
  bool in_grpc_status_ = false;  ///< the current trailer is that one
  uint8_t digits_ = 0;
  State state_ = State::kFirstDigit;
  Refusal refusal_ = Refusal::kNone;
};

}  // namespace sluice::http1
