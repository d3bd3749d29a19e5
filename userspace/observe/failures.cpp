// SPDX-License-Identifier: Apache-2.0
#include "userspace/observe/failures.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <tuple>

#include "maps/tables.hpp"

namespace sluice::observe {
namespace {

struct Site {
  std::string_view file, helper;
};

constexpr Site kSites[] = {
#define SITE(id, file, helper) {file, helper},
#include "maps/abi/sites.def"
#undef SITE
};

HelperFailure describe(const failure_key& key, const failure& value) {
  const auto [file, helper] = key.site < std::size(kSites) ? kSites[key.site] : Site{"?", "?"};
  return {file, helper, key.line, -key.error, value.count, std::chrono::nanoseconds(value.last_ns)};
}

/// "ENOMEM"; errno has no name for what a helper made up.
std::string errorName(int error) {
  if (error == 0) return "";
  const char* name = ::strerrorname_np(error);
  return name != nullptr ? name : std::to_string(error);
}

}  // namespace

Result<std::vector<HelperFailure>> readFailures(DataPlane& data_plane) {
  std::vector<HelperFailure> failures;
  SLUICE_TRY(maps::View<Table::kFailures>(data_plane)
                 .visit([&](const failure_key& key, const failure& value) {
                   failures.push_back(describe(key, value));
                 }));
  std::ranges::sort(failures, {}, [](const HelperFailure& failure) {
    return std::tuple(failure.file, failure.line, failure.error);
  });
  return failures;
}

Json failureItems(const std::vector<HelperFailure>& failures, Duration now) {
  Json items = Json::array();
  for (const auto& failure : failures)
    items.push_back({{"file", failure.file},
                     {"line", failure.line},
                     {"helper", failure.helper},
                     {"error", errorName(failure.error)},
                     {"count", failure.count},
                     {"ageSeconds", std::chrono::duration<double>(now - failure.last).count()}});
  return items;
}

}  // namespace sluice::observe
