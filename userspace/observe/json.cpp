// SPDX-License-Identifier: Apache-2.0
#include "userspace/observe/json.h"

namespace sluice::observe {

Json envelope(std::string_view kind, Json items) {
  return {{"apiVersion", kApiVersion}, {"kind", kind}, {"items", std::move(items)}};
}

std::string toText(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::string textAt(const Json& object, const char* field) {
  const auto found = object.find(field);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Result<Json> parseJson(std::string_view text, std::string_view what) {
  auto json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded())
    return Error(Error::Code::kInvalid, std::string(what) + " is not valid JSON");
  return json;
}

}  // namespace sluice::observe
