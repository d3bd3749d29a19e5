// SPDX-License-Identifier: Apache-2.0
// The first bytes of a connection: once something is said of them, more bytes do not change it, and
// a name that is read from them is one that rules can match.
#include <string_view>

#include "tests/fuzz/fuzz.h"
#include "userspace/proxy/http1/chars.h"
#include "userspace/proxy/sniff.h"

namespace {

using namespace sluice::proxy;

void checkSniffed(std::string_view bytes) {
  Spoken said = Spoken::kNotYet;
  for (size_t size = 0; size <= bytes.size(); size += 1 + size / 64) {
    const Spoken now = sniff(bytes.substr(0, size));
    FUZZ_REQUIRE(said == Spoken::kNotYet || now == said);
    said = now;
  }
}

void checkHello(std::string_view bytes) {
  ClientHello found;
  for (size_t size = 2; size <= bytes.size(); size += 1 + size / 16) {
    const auto now = readClientHello(bytes.substr(0, size));
    FUZZ_REQUIRE(!found.complete || now.complete);
    FUZZ_REQUIRE(!found.complete || now.server_name == found.server_name);
    FUZZ_REQUIRE(now.complete || now.server_name.empty());
    found = now;
  }
  FUZZ_REQUIRE(found.server_name.size() < bytes.size());
  for (const char c : found.server_name) FUZZ_REQUIRE(sluice::http1::lower(c) == c);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  checkSniffed(bytes);
  if (sniff(bytes) == Spoken::kTls) checkHello(bytes);
  return 0;
}
