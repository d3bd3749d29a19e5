// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "userspace/routing/request_view.h"
#include "userspace/routing/text_match.h"

namespace sluice::routing {

/// A request with what several conditions need of it, worked out once. Borrows the request.
class Subject {
 public:
  explicit Subject(const RequestView& request);
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  const RequestView& request() const { return request_; }
  std::string_view path() const { return path_; }  ///< normalised, without the query
  std::string_view query() const { return query_; }

  /// The path, and "?" with the query where the client wrote one (Istio: `:path` as a header).
  std::string_view pathAndQuery() const;

  /// Calls `visit` with each value of the header `name` (in lower case) until it returns true;
  /// answers whether one did. Istio: pseudo headers can be asked for, `host` is `:authority`.
  template <typename Visit>
  bool anyHeader(std::string_view name, const Visit& visit) const {
    if (name.starts_with(':') || name == "host") {
      const auto value = pseudoHeader(name);
      return value && visit(*value);
    }
    for (const auto& header : request_.headers)
      if (equalsIgnoringCase(header.name, name) && visit(header.value)) return true;
    return false;
  }

  /// The value of the first parameter `name`, as sent; empty for "?flag".
  std::optional<std::string_view> parameter(std::string_view name) const;

 private:
  std::optional<std::string_view> pseudoHeader(std::string_view name) const;

  const RequestView& request_;
  std::string storage_;
  std::string_view path_;
  std::string_view query_;
  mutable std::string whole_path_;
};

}  // namespace sluice::routing
