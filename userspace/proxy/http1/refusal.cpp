// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/http1/refusal.h"

namespace sluice::http1 {

const char* refusalText(Refusal refusal) {
  switch (refusal) {
#define REFUSAL(name, status, text) \
  case Refusal::k##name:            \
    return text;
#include "userspace/proxy/http1/refusals.def"
#undef REFUSAL
    case Refusal::kNone:
      break;
  }
  return "";
}

int refusalStatus(Refusal refusal) {
  switch (refusal) {
#define REFUSAL(name, status, text) \
  case Refusal::k##name:            \
    return status;
#include "userspace/proxy/http1/refusals.def"
#undef REFUSAL
    case Refusal::kNone:
      break;
  }
  return 400;
}

}  // namespace sluice::http1
