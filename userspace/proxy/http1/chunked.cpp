// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/http1/chunked.h"

#include <algorithm>

#include "userspace/proxy/http1/chars.h"
#include "userspace/proxy/http1/limits.h"

namespace sluice::http1 {

namespace {

/// RFC 9110 §6.5.1: fields that must not come after the body, because they say how it is read,
/// where it goes or who sends it. All shorter than the part of a name that the decoder keeps.
constexpr std::array<std::string_view, 17> kForbiddenTrailers = {"transfer-encoding",
                                                                 "transfer_encoding",
                                                                 "content-length",
                                                                 "content_length",
                                                                 "host",
                                                                 "connection",
                                                                 "keep-alive",
                                                                 "proxy-connection",
                                                                 "te",
                                                                 "trailer",
                                                                 "upgrade",
                                                                 "expect",
                                                                 "content-encoding",
                                                                 "content-type",
                                                                 "authorization",
                                                                 "proxy-authorization",
                                                                 "set-cookie"};

uint64_t hexValue(char c) {
  if (c >= '0' && c <= '9') return static_cast<uint64_t>(c - '0');
  return static_cast<uint64_t>(lower(c) - 'a') + 10;
}

}  // namespace

ChunkedDecoder::Run ChunkedDecoder::next(std::string_view bytes) {
  Run run;
  while (run.framing < bytes.size() && state_ != State::kData && !done()) {
    if (refusal_ != Refusal::kNone || !step(bytes[run.framing])) return run;
    ++run.framing;
  }
  if (state_ != State::kData) return run;
  run.data = static_cast<size_t>(std::min<uint64_t>(remaining_, bytes.size() - run.framing));
  remaining_ -= run.data;
  if (remaining_ == 0) state_ = State::kDataCr;
  return run;
}

size_t ChunkedDecoder::take(std::string_view bytes) {
  size_t taken = 0;
  while (taken < bytes.size()) {
    const Run run = next(bytes.substr(taken));
    if (run.framing + run.data == 0) break;
    taken += run.framing + run.data;
  }
  return taken;
}

bool ChunkedDecoder::to(State state) {
  state_ = state;
  return true;
}

bool ChunkedDecoder::refuse(Refusal why) {
  refusal_ = why;
  return false;
}

bool ChunkedDecoder::expect(char wanted, char c, State then, Refusal otherwise) {
  return c == wanted ? to(then) : refuse(otherwise);
}

bool ChunkedDecoder::sizeEnds() {
  if (remaining_ > allowance_) return refuse(Refusal::kBodyTooLarge);
  allowance_ -= remaining_;
  return to(remaining_ > 0 ? State::kData : State::kTrailerStart);
}

bool ChunkedDecoder::step(char c) {
  switch (state_) {
    case State::kFirstDigit:
    case State::kSize:
      return sizeByte(c);
    case State::kSizeLf:
      return c == '\n' ? sizeEnds() : refuse(Refusal::kBadChunkSize);
    case State::kDataCr:
      return expect('\r', c, State::kDataLf, Refusal::kBadChunkEnd);
    case State::kDataLf:
      return expect('\n', c, State::kFirstDigit, Refusal::kBadChunkEnd);
    case State::kTrailerStart:
    case State::kTrailerName:
    case State::kTrailerValue:
    case State::kTrailerLf:
    case State::kLastLf:
      return trailerByte(c);
    case State::kData:
    case State::kDone:
      return false;
    default:
      return extensionByte(c);
  }
}

bool ChunkedDecoder::sizeByte(char c) {
  if (is(kHexDigit, c)) {
    if (state_ == State::kFirstDigit) remaining_ = digits_ = 0;
    if (++digits_ > kMaxChunkSizeDigits) return refuse(Refusal::kBadChunkSize);
    remaining_ = remaining_ << 4 | hexValue(c);
    return to(State::kSize);
  }
  if (state_ == State::kFirstDigit) return refuse(Refusal::kBadChunkSize);
  if (c == '\r') return to(State::kSizeLf);
  return expect(';', c, State::kExtensionStart, Refusal::kBadChunkSize);
}

bool ChunkedDecoder::extensionByte(char c) {
  if (++extension_bytes_ > kMaxChunkExtensionBytes) {
    return refuse(Refusal::kChunkExtensionsTooLarge);
  }
  const bool token = is(kToken, c);
  switch (state_) {
    case State::kExtensionStart:
      return token ? to(State::kExtensionName) : refuse(Refusal::kBadChunkExtension);
    case State::kExtensionName:
      if (token) return true;
      return c == '=' ? to(State::kExtensionValueStart) : extensionSeparator(c);
    case State::kExtensionValueStart:
      if (token) return to(State::kExtensionToken);
      return expect('"', c, State::kExtensionQuoted, Refusal::kBadChunkExtension);
    case State::kExtensionToken:
      return token || extensionSeparator(c);
    case State::kExtensionQuoted:
      if (c == '\\') return to(State::kExtensionEscape);
      if (c == '"') return to(State::kExtensionEnd);
      return is(kFieldByte, c) || refuse(Refusal::kBadChunkExtension);
    case State::kExtensionEscape:
      return is(kFieldByte, c) ? to(State::kExtensionQuoted) : refuse(Refusal::kBadChunkExtension);
    default:
      return extensionSeparator(c);
  }
}

bool ChunkedDecoder::extensionSeparator(char c) {
  if (c == '\r') return to(State::kSizeLf);
  return expect(';', c, State::kExtensionStart, Refusal::kBadChunkExtension);
}

bool ChunkedDecoder::trailerByte(char c) {
  if (++trailer_bytes_ > kMaxTrailerBytes) return refuse(Refusal::kTrailersTooLarge);
  switch (state_) {
    case State::kTrailerStart:
      if (c == '\r') return to(State::kLastLf);
      trailer_name_size_ = 0;
      return is(kToken, c) ? trailerNameByte(c) : refuse(Refusal::kBadTrailer);
    case State::kTrailerName:
      return trailerNameByte(c);
    case State::kTrailerValue:
      return c == '\r' ? to(State::kTrailerLf) : trailerValueByte(c);
    case State::kTrailerLf:
      return expect('\n', c, State::kTrailerStart, Refusal::kBadTrailer);
    default:
      return expect('\n', c, State::kDone, Refusal::kBadTrailer);
  }
}

bool ChunkedDecoder::trailerNameByte(char c) {
  if (is(kToken, c)) {
    if (trailer_name_size_ < trailer_name_.size()) trailer_name_[trailer_name_size_] = lower(c);
    ++trailer_name_size_;
    return to(State::kTrailerName);
  }
  return c == ':' ? trailerNameEnds() : refuse(Refusal::kBadTrailer);
}

bool ChunkedDecoder::trailerNameEnds() {
  const std::string_view start(trailer_name_.data(),
                               std::min<size_t>(trailer_name_size_, trailer_name_.size()));
  const bool forbidden = std::ranges::find(kForbiddenTrailers, start) != kForbiddenTrailers.end();
  if (forbidden) return refuse(Refusal::kForbiddenTrailer);
  in_grpc_status_ = start == "grpc-status";
  if (in_grpc_status_) grpc_status_size_ = 0;
  return to(State::kTrailerValue);
}

bool ChunkedDecoder::trailerValueByte(char c) {
  if (!is(kFieldByte, c)) return refuse(Refusal::kBadTrailer);
  const bool kept = in_grpc_status_ && c != ' ' && c != '\t';
  if (kept && grpc_status_size_ < grpc_status_.size()) grpc_status_[grpc_status_size_++] = c;
  return true;
}

}  // namespace sluice::http1
