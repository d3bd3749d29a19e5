// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "userspace/cli/printer.h"

namespace sluice::cli {

/// A kind of thing that `sluicectl get` lists.
struct Noun {
  std::string_view name;      ///< "services", also the agent's word for it
  std::string_view singular;  ///< "service"
  std::string_view shortcut;  ///< "svc"
  Layout layout;
  bool is_resource = false;  ///< items have the form of the API
};

/// All nouns, in the order of the help.
const std::vector<Noun>& nouns();

/// By name, singular or shortcut; null when there is none.
const Noun* findNoun(std::string_view word);

/// Of `sluicectl stat`, for items of kind Traffic.
const Layout& trafficLayout();
/// Of observe::mapItems().
const Layout& mapLayout();
/// Of observe::failureItems().
const Layout& failureLayout();

/// "v1 90%, v2 10%": the destinations of a rule and their shares.
std::string destinationsText(const observe::Json& destinations);

}  // namespace sluice::cli
