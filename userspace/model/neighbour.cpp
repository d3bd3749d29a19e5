// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/neighbour.h"

#include <algorithm>

#include "userspace/model/codes.h"

namespace sluice {
namespace {

constexpr std::string_view kSeparator = ", ";
constexpr std::string_view kAndMore = ", …";

void append(std::string& all, std::string_view who) {
  if (all.ends_with(kAndMore)) return;
  if (all.size() + kSeparator.size() + who.size() + kAndMore.size() > kMaxWho) {
    all += kAndMore;
    return;
  }
  all += kSeparator;
  all += who;
}

}  // namespace

bool isOfNeighbours(std::string_view code) {
  return code.starts_with("SLU5") && code != code::kNoCgroup2;
}

void addNeighbour(Neighbours& neighbours, std::string_view code, std::string_view who) {
  const auto known = std::ranges::find(neighbours, code, &Neighbour::code);
  if (known != neighbours.end()) return append(known->who, who);
  neighbours.push_back({std::string(code), std::string(who.substr(0, kMaxWho - kAndMore.size()))});
}

bool keepsAway(const Neighbours& neighbours) {
  return std::ranges::any_of(neighbours, [](const Neighbour& neighbour) {
    const auto* kind = findCode(neighbour.code);
    return kind != nullptr && kind->level == Diagnostic::Level::kError;
  });
}

}  // namespace sluice
