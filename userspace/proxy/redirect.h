// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "userspace/proxy/path_rewrite.h"

namespace sluice::proxy {

/// The answer that sends a client elsewhere. Immutable; used from any thread.
class Redirect {
 public:
  /// `port`: the service's, which the rule may ask for (DerivePort::kFromRequestPort).
  static Result<Redirect> of(const routing::Rule& rule, uint16_t port);

  int status() const { return status_; }
  /// The Location; `target` is the request's normalizedTarget().
  std::string location(std::string_view target, const routing::RequestView& request) const;

 private:
  std::string host(const routing::RequestView& request, std::string_view scheme) const;
  std::string path(std::string_view target, const routing::RequestView& request) const;

  int status_ = 301;
  std::string scheme_, authority_, uri_;
  std::string port_;  ///< ":8443"; empty: the request's own
  std::optional<PathRewrite> prefix_;
};

}  // namespace sluice::proxy
