// SPDX-License-Identifier: Apache-2.0
// JSON as the admin socket and `sluicectl -o json` speak it: fields in a fixed order, every answer
// in an envelope.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "userspace/base/result.h"

namespace sluice::observe {

using Json = nlohmann::ordered_json;

inline constexpr std::string_view kApiVersion = "sluice.io/v1";

/// {apiVersion, kind, items}; `items` is an array.
Json envelope(std::string_view kind, Json items);

/// One line when `indent` is negative. Bytes that are no UTF-8 become U+FFFD: values of headers
/// and names of files may hold any.
std::string toText(const Json& json, int indent = -1);

/// The text of a field; empty when it is absent or no string.
std::string textAt(const Json& object, const char* field);

/// kInvalid when `text` is not one JSON value; `what` names it in the message.
Result<Json> parseJson(std::string_view text, std::string_view what);

}  // namespace sluice::observe
