// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

#include "userspace/base/random.h"

namespace sluice::proxy {

/// What x-request-id holds, without memory of its own. Envoy: a UUID of version 4 (RFC 9562 §5.4).
class RequestId {
 public:
  /// None.
  RequestId() = default;
  /// 122 bits of two draws.
  static RequestId draw(Random& random);

  /// "8e1b9a5c-…", or empty.
  std::string_view text() const {
    return text_.front() == '\0' ? std::string_view()
                                 : std::string_view(text_.data(), text_.size());
  }

 private:
  std::array<char, 36> text_{};
};

}  // namespace sluice::proxy
