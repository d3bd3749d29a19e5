// SPDX-License-Identifier: Apache-2.0
#include "userspace/balance/locality.h"

#include <algorithm>

namespace sluice::balance {
namespace {

std::string_view takePart(std::string_view& text) {
  const auto slash = std::min(text.find('/'), text.size());
  const auto part = text.substr(0, slash);
  text.remove_prefix(std::min(slash + 1, text.size()));
  return part;
}

bool coversPart(std::string_view pattern, std::string_view part) {
  return pattern.empty() || pattern == "*" || pattern == part;
}

}  // namespace

Locality Locality::parse(std::string_view text) {
  Locality locality;
  locality.region = takePart(text);
  locality.zone = takePart(text);
  locality.subzone = takePart(text);
  return locality;
}

bool covers(std::string_view pattern, const Locality& locality) {
  const auto wanted = Locality::parse(pattern);
  return (wanted.region == "*" || wanted.region == locality.region) &&
         coversPart(wanted.zone, locality.zone) && coversPart(wanted.subzone, locality.subzone);
}

uint32_t distance(const Locality& client, const Locality& endpoint) {
  if (client.region != endpoint.region) return 3;
  if (client.zone != endpoint.zone) return 2;
  return client.subzone == endpoint.subzone ? 0 : 1;
}

}  // namespace sluice::balance
