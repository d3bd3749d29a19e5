// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/tls/openssl.h"

#include <openssl/err.h>

namespace sluice::tls {

std::string takeErrorText() {
  const unsigned long newest = ERR_peek_last_error();
  const char* reason = ERR_reason_error_string(newest);
  ERR_clear_error();
  return reason == nullptr ? "" : reason;
}

}  // namespace sluice::tls
