// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/response_flags.h"

namespace sluice::proxy {

std::string ResponseFlags::text() const {
  std::string text;
#define FLAG(name, code, meaning) \
  if (has(k##name)) text.append(text.empty() ? "" : ",").append(code);
#include "userspace/proxy/response_flags.def"
#undef FLAG
  return text.empty() ? "-" : text;
}

}  // namespace sluice::proxy
