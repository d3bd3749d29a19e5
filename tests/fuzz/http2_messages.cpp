// SPDX-License-Identifier: Apache-2.0
// A message of HTTP/2 becomes one of HTTP/1.1 and comes out again: one message, the same fields,
// the same bytes, the same trailers, however it is cut. Lines: the path, fields, an empty one,
// trailers, an empty one; the rest is the body.
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/fuzz/fuzz.h"
#include "userspace/proxy/http1/chars.h"
#include "userspace/proxy/http2/message_splitter.h"
#include "userspace/proxy/http2/received_message.h"

namespace {

using namespace sluice;
using Fields = std::vector<std::pair<std::string, std::string>>;
using Found = http2::MessageSplitter::Found;

std::string_view line(std::string_view& rest) {
  const auto end = std::min(rest.find('\n'), rest.size());
  const auto taken = rest.substr(0, end);
  rest.remove_prefix(std::min(rest.size(), end + 1));
  return taken;
}

/// What nghttp2 lets through: RFC 9113 §8.2.1.
std::string valid(http1::CharClass wanted, std::string_view text) {
  std::string out;
  for (const char c : text)
    if (http1::is(wanted, c)) out += http1::lower(c);
  while (out.starts_with(' ') || out.starts_with('\t')) out.erase(0, 1);
  while (out.ends_with(' ') || out.ends_with('\t')) out.pop_back();
  return out;
}

/// Prefixed, so that they are none of those with a meaning of their own.
Fields fields(std::string_view& rest) {
  Fields all;
  for (auto text = line(rest); !text.empty() && all.size() < 40; text = line(rest)) {
    const auto colon = std::min(text.find(':'), text.size());
    all.emplace_back("x-" + valid(http1::kToken, text.substr(0, colon)),
                     valid(http1::kFieldByte, text.substr(std::min(text.size(), colon + 1))));
  }
  return all;
}

struct Seen {
  Fields head, trailers;
  std::string path, body;
  bool ended = false;
};

void see(http2::MessageSplitter& splitter, const http2::HeadScratch& scratch,
         std::string_view bytes, Seen& seen) {
  while (true) {
    const auto piece = splitter.next(bytes);
    FUZZ_REQUIRE(piece.found != Found::kMalformed);
    bytes.remove_prefix(piece.size);
    if (piece.found == Found::kNothing) break;
    if (piece.found == Found::kData) seen.body.append(piece.data);
    if (piece.found == Found::kEnd) seen.ended = true;
    if (piece.found != Found::kHead) continue;
    seen.path = scratch.request.path;
    for (const auto& [name, value] : scratch.request.fields.headers.all())
      if (name.starts_with("x-")) seen.head.emplace_back(name, value);
  }
  FUZZ_REQUIRE(bytes.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string path = "/" + valid(http1::kTargetByte, line(rest));
  const Fields head_fields = fields(rest);
  const Fields trailer_fields = fields(rest);
  const size_t piece = 1 + size % 23;

  http2::ReceivedHead head, trailers;
  head.add(":method", "POST");
  head.add(":path", path);
  head.add(":authority", "a");
  for (const auto& [name, value] : head_fields) head.add(name, value);
  for (const auto& [name, value] : trailer_fields) trailers.add(name, value);
  std::string text, trailer_text;
  http2::Framing framing{};
  FUZZ_REQUIRE(head.appendRequest(false, text, framing));
  trailers.appendTrailers(trailer_text);
  http2::ReceivedMessage message;
  message.addHead(text, framing);

  http2::HeadScratch scratch;
  http2::MessageSplitter splitter(http2::MessageSplitter::Kind::kRequest, scratch);
  Seen seen;
  std::string space(64 * 1024, '\0');
  const auto pass = [&](size_t room) {
    while (true) {
      const auto taken = message.take(std::span(space).first(room));
      if (taken.bytes == 0) break;
      see(splitter, scratch, std::string_view(space).substr(0, taken.bytes), seen);
    }
  };
  pass(space.size());
  for (size_t at = 0; at < rest.size(); at += piece) {
    FUZZ_REQUIRE(message.addData(rest.substr(at, piece)));
    if (at % 3 == 0) pass(1 + at % 7);
  }
  message.end(trailer_text);
  pass(5);
  FUZZ_REQUIRE(message.empty() && seen.ended);
  FUZZ_REQUIRE(seen.path == path && seen.body == rest);
  FUZZ_REQUIRE(seen.head == head_fields);
  splitter.eachTrailer([&](std::string_view name, std::string_view value) {
    seen.trailers.emplace_back(name, value);
  });
  FUZZ_REQUIRE(seen.trailers == trailer_fields);
  return 0;
}
