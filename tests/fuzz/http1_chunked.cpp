// SPDX-License-Identifier: Apache-2.0
// A chunked body: the same verdict and the same data in one piece and byte by byte.
#include <string>
#include <string_view>

#include "tests/fuzz/fuzz.h"
#include "userspace/proxy/http1/chunked.h"

using sluice::http1::ChunkedDecoder;

namespace {

/// The data of `bytes`, and in `taken` how many of them belong to the body.
std::string decode(ChunkedDecoder& decoder, std::string_view bytes, size_t piece, size_t& taken) {
  std::string data;
  for (taken = 0; taken < bytes.size();) {
    const auto run = decoder.next(bytes.substr(taken, piece));
    if (run.framing + run.data == 0) break;
    data.append(bytes.substr(taken + run.framing, run.data));
    taken += run.framing + run.data;
  }
  return data;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  ChunkedDecoder whole, single, taker;
  size_t whole_taken = 0, single_taken = 0;
  const std::string one = decode(whole, bytes, size, whole_taken);
  const std::string other = decode(single, bytes, 1, single_taken);
  FUZZ_REQUIRE(one == other && whole_taken == single_taken);
  FUZZ_REQUIRE(whole.done() == single.done() && whole.refusal() == single.refusal());
  FUZZ_REQUIRE(taker.take(bytes) == whole_taken && taker.done() == whole.done());
  return 0;
}
