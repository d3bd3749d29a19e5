// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/http2_field_block.h"

#include "userspace/proxy/http1/chars.h"
#include "userspace/proxy/http1/forward.h"

namespace sluice::proxy {

nghttp2_nv http2Field(std::string_view name, std::string_view value) {
  // nghttp2 only reads; its interface is older than const.
  auto* const name_bytes = reinterpret_cast<uint8_t*>(const_cast<char*>(name.data()));
  auto* const value_bytes = reinterpret_cast<uint8_t*>(const_cast<char*>(value.data()));
  return {name_bytes, value_bytes, name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

void Http2FieldBlock::addAll(const http1::Fields& fields) {
  for (size_t i = 0; i < fields.headers.size(); ++i) {
    const auto& [name, value] = fields.headers[i];
    const bool left_out = http1::isHopByHop(fields, i, false) ||
                          http1::equalsIgnoringCase(name, "host") ||
                          http1::equalsIgnoringCase(name, "transfer-encoding");
    if (!left_out) add(name, value);
  }
  if (fields.te_trailers) add("te", "trailers");
}

}  // namespace sluice::proxy
