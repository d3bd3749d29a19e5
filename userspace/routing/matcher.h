// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "userspace/routing/route_table.h"

namespace sluice::routing {

struct HeaderView {
  std::string_view name;  ///< as sent
  std::string_view value;
};

/// A request as the rules see it; borrows everything.
struct RequestView {
  std::string_view method;
  std::string_view scheme = "http";
  std::string_view authority;  ///< as the client wrote it, port included
  std::string_view target;     ///< path and query, as in the request line
  std::span<const HeaderView> headers;
};

/// The conditions of one service's rules, ready to be asked. Immutable; used from any thread.
class Matcher {
 public:
  /// kInvalid when a regular expression does not compile; validation has refused those before.
  static Result<std::shared_ptr<const Matcher>> compile(std::span<const Rule> rules);
  ~Matcher();

  /// Index of the first rule whose conditions hold (Istio: first match wins).
  std::optional<size_t> firstMatch(const RequestView& request) const;

  /// Why rule `index` does not match: the first condition of its nearest alternative that fails,
  /// as "headers[user-group]"; empty when it matches.
  std::string firstFailure(size_t index, const RequestView& request) const;

 private:
  struct CompiledRule;
  explicit Matcher(std::vector<CompiledRule> rules);

  std::vector<CompiledRule> rules_;
};

}  // namespace sluice::routing
