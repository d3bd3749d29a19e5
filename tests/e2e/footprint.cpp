// SPDX-License-Identifier: Apache-2.0
#include "tests/e2e/footprint.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace sluice::test {
namespace {

size_t listed(const char* kind) {
  const auto output = runChecked({"bpftool", "-j", kind, "show"});
  if (!output) return 0;
  const auto json = nlohmann::json::parse(*output, nullptr, false);
  return json.is_array() ? json.size() : 0;
}

}  // namespace

Footprint Footprint::of(const Lab& lab) {
  Footprint found{listed("prog"), listed("map"), listed("link"), 0, 0};
  for ([[maybe_unused]] const auto& pin :
       std::filesystem::recursive_directory_iterator(lab.bpffs()))
    ++found.pins;
  const auto sockets = lab.run("web", {"ss", "-Hltn"});
  if (sockets.ok()) found.listeners = static_cast<size_t>(std::ranges::count(sockets->out, '\n'));
  return found;
}

std::ostream& operator<<(std::ostream& out, const Footprint& f) {
  return out << fmt::format("{} programs, {} maps, {} links, {} pins, {} listeners", f.programs,
                            f.maps, f.links, f.pins, f.listeners);
}

bool becomes(const Lab& lab, const Footprint& expected) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (Footprint::of(lab) != expected)
    if (std::chrono::steady_clock::now() > limit) return false;
  return true;
}

}  // namespace sluice::test
