// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/result.h"

#include <fmt/format.h>

#include <system_error>

namespace sluice {

Error Error::system(std::string what, int errnum, std::string hint) {
  const auto code = errnum == EPERM || errnum == EACCES ? Code::kPermission
                    : errnum == ENOENT                  ? Code::kNotFound
                                                        : Code::kSystem;
  Error error(code, fmt::format("{}: {}", what, std::generic_category().message(errnum)),
              std::move(hint));
  error.errnum_ = errnum;
  return error;
}

Error Error::relayed(Code code, int errnum, std::string message, std::string hint) {
  Error error(code, std::move(message), std::move(hint));
  error.errnum_ = errnum;
  return error;
}

Error Error::in(std::string_view what) && {
  what_ = fmt::format("{}: {}", what, what_);
  return std::move(*this);
}

}  // namespace sluice
