// SPDX-License-Identifier: Apache-2.0
// Every request that we accept, another parser frames alike: same end, same body. What the other
// one refuses by a rule of its own (methods it does not know, stricter targets) says nothing.
#include <http_parser.h>

#include <string>
#include <string_view>

#include "tests/fuzz/fuzz.h"
#include "userspace/proxy/http1/body.h"
#include "userspace/proxy/http1/chars.h"
#include "userspace/proxy/http1/head.h"

using namespace sluice::http1;

namespace {

struct Message {
  size_t size = 0;
  std::string body;
};

/// The other parser takes "Transfer-Encodingz" for a Transfer-Encoding.
bool confusesTheOther(const HeaderList& headers) {
  constexpr std::string_view kName = "transfer-encoding";
  for (const Header& header : headers.all()) {
    const bool longer = header.name.size() > kName.size();
    if (longer && equalsIgnoringCase(header.name.substr(0, kName.size()), kName)) return true;
  }
  return false;
}

/// Whether `bytes` start with a whole request, by our reading.
bool readOurs(std::string_view bytes, Message& message) {
  static RequestHead head;
  const Parsed parsed = parseRequest(bytes, 0, head);
  if (!parsed.complete() || confusesTheOther(head.fields.headers)) return false;
  Body body(head.bodyKind(), head.fields.content_length);
  const std::string_view rest = bytes.substr(parsed.consumed);
  message.size = parsed.consumed + body.take(rest);
  if (!body.done()) return false;
  if (!head.fields.chunked) message.body = rest.substr(0, message.size - parsed.consumed);
  ChunkedDecoder chunks;
  for (size_t at = 0; head.fields.chunked && !chunks.done();) {
    const auto run = chunks.next(rest.substr(at));
    message.body.append(rest.substr(at + run.framing, run.data));
    at += run.framing + run.data;
  }
  return true;
}

struct Theirs {
  std::string body;
  int messages = 0;
};

bool isTaste(http_errno error) { return error == HPE_INVALID_METHOD || error == HPE_INVALID_URL; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Message ours;
  if (!readOurs(bytes, ours)) return 0;

  Theirs theirs;
  http_parser parser;
  http_parser_init(&parser, HTTP_REQUEST);
  parser.data = &theirs;
  http_parser_settings settings;
  http_parser_settings_init(&settings);
  settings.on_body = [](http_parser* self, const char* at, size_t length) {
    static_cast<Theirs*>(self->data)->body.append(at, length);
    return 0;
  };
  settings.on_message_complete = [](http_parser* self) {
    ++static_cast<Theirs*>(self->data)->messages;
    return 0;
  };
  const size_t parsed = http_parser_execute(&parser, &settings, bytes.data(), ours.size);
  const auto error = static_cast<http_errno>(parser.http_errno);
  if (error != HPE_OK && isTaste(error)) return 0;
  if (error != HPE_OK) std::fprintf(stderr, "%s\n", http_errno_description(error));
  FUZZ_REQUIRE(error == HPE_OK);
  FUZZ_REQUIRE(parsed == ours.size);
  FUZZ_REQUIRE(theirs.messages == 1);
  FUZZ_REQUIRE(theirs.body == ours.body);
  return 0;
}
