// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/http2/message_splitter.h"

namespace sluice::http2 {

using Piece = MessageSplitter::Piece;

Piece MessageSplitter::next(std::string_view bytes) {
  switch (phase_) {
    case Phase::kHead:
      return head(bytes);
    case Phase::kBody:
      return body(bytes);
    case Phase::kEnded:
      phase_ = Phase::kDone;
      return {Found::kEnd};
    case Phase::kDone:
      return {};
    case Phase::kFailed:
      break;
  }
  return {Found::kMalformed};
}

Piece MessageSplitter::head(std::string_view bytes) {
  const bool request = kind_ == Kind::kRequest;
  const auto parsed = request ? http1::parseRequest(bytes, 0, scratch_.request)
                              : http1::parseResponse(bytes, 0, scratch_.response);
  if (parsed.refused()) {
    phase_ = Phase::kFailed;
    return {Found::kMalformed};
  }
  if (!parsed.complete()) return {};
  const bool interim = !request && scratch_.response.isInformational();
  if (!interim) {
    const auto& fields = request ? scratch_.request.fields : scratch_.response.fields;
    const auto kind = request ? scratch_.request.bodyKind() : scratch_.response.bodyKind(bodiless_);
    body_ = http1::Body(kind, fields.content_length);
    phase_ = body_.done() ? Phase::kEnded : Phase::kBody;
  }
  return {Found::kHead, parsed.consumed};
}

Piece MessageSplitter::body(std::string_view bytes) {
  if (bytes.empty()) return {};
  if (body_.kind() == http1::BodyKind::kChunked) return chunk(bytes);
  const size_t size = body_.take(bytes);
  if (body_.done()) phase_ = Phase::kEnded;
  return {Found::kData, size, bytes.substr(0, size)};
}

Piece MessageSplitter::chunk(std::string_view bytes) {
  auto& chunks = body_.chunks();
  const auto run = chunks.next(bytes);
  if (chunks.refusal() != http1::Refusal::kNone) {
    phase_ = Phase::kFailed;
    return {Found::kMalformed};
  }
  framing_.append(bytes.substr(0, run.framing));
  if (run.data > 0) framing_.clear();
  if (chunks.done()) phase_ = Phase::kEnded;
  return {Found::kData, run.framing + run.data, bytes.substr(run.framing, run.data)};
}

/// After the line of the last chunk; the decoder has checked it all, so there are no CRs but at
/// the ends of lines.
std::string_view MessageSplitter::trailerSection() const {
  std::string_view rest = framing_;
  if (rest.starts_with("\r\n")) rest.remove_prefix(2);
  const size_t last_chunk = rest.find("\r\n");
  if (last_chunk == rest.npos) return {};
  rest.remove_prefix(last_chunk + 2);
  rest.remove_suffix(rest.size() >= 2 ? 2 : rest.size());
  return rest;
}

}  // namespace sluice::http2
