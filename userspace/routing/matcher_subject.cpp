// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/matcher_subject.h"

#include <algorithm>

#include "userspace/routing/normalize_path.h"

namespace sluice::routing {

Subject::Subject(const RequestView& request)
    : request_(request),
      path_(normalizePath(request.target, storage_)),
      query_(queryOf(request.target)) {}

std::string_view Subject::pathAndQuery() const {
  if (!whole_path_.empty()) return whole_path_;
  whole_path_ = std::string(path_);
  const auto without_fragment = request_.target.substr(0, request_.target.find('#'));
  if (without_fragment.find('?') != std::string_view::npos) whole_path_.append("?").append(query_);
  return whole_path_;
}

std::optional<std::string_view> Subject::parameter(std::string_view name) const {
  auto rest = query_;
  while (!rest.empty()) {
    const auto parameter = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(parameter.size() + 1, rest.size()));
    const auto equals = std::min(parameter.find('='), parameter.size());
    if (parameter.substr(0, equals) == name)
      return parameter.substr(std::min(equals + 1, parameter.size()));
  }
  return std::nullopt;
}

std::optional<std::string_view> Subject::pseudoHeader(std::string_view name) const {
  if (name == ":method") return request_.method;
  if (name == ":scheme") return request_.scheme;
  if (name == ":authority" || name == "host") return request_.authority;
  if (name == ":path") return pathAndQuery();
  return std::nullopt;
}

}  // namespace sluice::routing
