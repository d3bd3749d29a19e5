// SPDX-License-Identifier: Apache-2.0
// What else acts on a workload's connections: docs/coexistence.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// One kind of it, and who that is.
struct Neighbour {
  std::string code;  ///< SLU5… of codes.def
  std::string who;   ///< "cil_sock4_conne (id 42, connect4)"; several are separated by ", "

  friend bool operator==(const Neighbour&, const Neighbour&) = default;
};

/// At most one of each code, in the order in which they were found.
using Neighbours = std::vector<Neighbour>;

/// The longest Neighbour::who in bytes; of more, "…" stands for the rest.
constexpr size_t kMaxWho = 160;

/// Whether a code of codes.def is one of a workload's neighbours: that cgroups are mounted in
/// version 1 alone concerns the node.
bool isOfNeighbours(std::string_view code);

/// Adds to those of that code.
void addNeighbour(Neighbours& neighbours, std::string_view code, std::string_view who);

/// Whether one of them has the workload left alone: its code is an error.
bool keepsAway(const Neighbours& neighbours);

}  // namespace sluice
