// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nghttp2/nghttp2.h>

#include <array>
#include <cstddef>
#include <string_view>

#include "userspace/proxy/http1/head.h"

namespace sluice::proxy {

/// As nghttp2 takes fields: it copies them, names in lower case.
nghttp2_nv http2Field(std::string_view name, std::string_view value);

/// The fields of one head, on their way to nghttp2; borrows names and values.
class Http2FieldBlock {
 public:
  void add(std::string_view name, std::string_view value) {
    fields_[size_++] = http2Field(name, value);
  }
  /// Those of a head of HTTP/1.1 that HTTP/2 has as well.
  void addAll(const http1::Fields& fields);

  const nghttp2_nv* data() const { return fields_.data(); }
  size_t size() const { return size_; }

 private:
  static constexpr size_t kPseudoFields = 4;  ///< of a request
  static constexpr size_t kOwnFields = 1;     ///< te

  std::array<nghttp2_nv, kPseudoFields + http1::kMaxHeaders + kOwnFields> fields_;
  size_t size_ = 0;
};

}  // namespace sluice::proxy
