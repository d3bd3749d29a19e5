// SPDX-License-Identifier: Apache-2.0
// docs/reference/maps.md is what maps/abi says.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <span>
#include <sstream>
#include <string>
#include <string_view>

#include "maps/abi/types.h"

namespace sluice {
namespace {

constexpr const char* kMapsPage = SLUICE_SOURCE_DIR "/docs/reference/maps.md";

constexpr std::string_view kMapsIntroduction = R"(# Maps

What the kernel's programs work by and count in. All maps are pinned below `/sys/fs/bpf/sluice`, in a
directory whose name is the number of their layout, and have types, so that bpftool prints the names
of their fields:

```
bpftool map dump pinned /sys/fs/bpf/sluice/{}/ep_stats
```

`maps/README.md` says who writes each of them and when, `maps/abi/types.h` what each field means.
`sluicectl bpf maps` shows how full they are, the metrics `sluice_map_entries` and
`sluice_map_capacity` as well. Where a machine has less than 4 GiB of memory, or `sluiced` is told so
(`--max-services`, `--max-endpoints`), the tables are smaller; a map that is pinned keeps its size.

| map | key | value | entries at most | when it is full |
| --- | --- | --- | --- | --- |
)";

/// A list of maps/abi as its section shows it.
struct Meaning {
  size_t number;
  std::string_view label, text;
};

constexpr Meaning kReasons[] = {
#define REASON(id, label, text) {REASON_##id, label, text},
#include "maps/abi/reasons.def"
#undef REASON
};

constexpr Meaning kEndings[] = {
#define ENDING(id, label, text) {ENDING_##id, label, text},
#include "maps/abi/endings.def"
#undef ENDING
};

constexpr Meaning kEvents[] = {
#define EVENT(id, label, text) {EVENT_##id, label, text},
#include "maps/abi/events.def"
#undef EVENT
};

constexpr Meaning kSites[] = {
#define SITE(id, file, helper) {SITE_##id, file, "`" helper "`"},
#include "maps/abi/sites.def"
#undef SITE
};

/// By the names of tables.def.
const std::map<std::string_view, std::string_view> kWhenFull = {
#define FULL(Name, what) {#Name, what},
#include "maps/abi/full.def"
#undef FULL
};

/// `titles`: of the table's columns.
std::string section(std::string_view title, std::string_view introduction, std::string_view titles,
                    std::span<const Meaning> meanings) {
  auto text =
      fmt::format("\n## {}\n\n{}\n\n| {} |\n| --- | --- | --- |\n", title, introduction, titles);
  for (const auto& [number, label, meaning] : meanings)
    text += fmt::format("| {} | `{}` | {} |\n", number, label, meaning);
  return text;
}

std::string mapsPage() {
  std::string text = fmt::format(kMapsIntroduction, SLUICE_SCHEMA);
#define TABLE(Name, bpf_name, Key, Value, entries)                                            \
  text += fmt::format("| `{}` | `{}` | `{}` | {} | {} |\n", #bpf_name, #Key, #Value, entries, \
                      kWhenFull.at(#Name));
#include "maps/abi/tables.def"
#undef TABLE
  text +=
      section("Why a connection took its path", "Index of `reasons`, label of `sluice_path_total`.",
              "index | reason | what it means", kReasons);
  text += section("Why Sluice ended a connection",
                  "Index of `endings`, label of `sluice_connections_ended_total`.",
                  "index | reason | what it means", kEndings);
  text +=
      section("What is told of single connections",
              "`kind` of `struct event`, which the programs write to the ring buffer `events` (not "
              "pinned) while\n`sluicectl observe` runs.",
              "kind | event | what it means", kEvents);
  text +=
      section("Where a helper of the kernel may fail",
              "`site` in the keys of `failures`; `sluicectl bpf errors` prints them with the line.",
              "site | file | helper", kSites);
  return text;
}

std::string contentOf(const char* path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// With SLUICE_WRITE_REFERENCE in the environment the page is written instead.
TEST(MapsReference, IsUpToDate) {
  if (std::getenv("SLUICE_WRITE_REFERENCE") != nullptr) std::ofstream(kMapsPage) << mapsPage();
  EXPECT_EQ(contentOf(kMapsPage), mapsPage())
      << "docs/reference/maps.md is stale; run this test once with SLUICE_WRITE_REFERENCE=1";
}

/// A failure names a line; the file that it is said to be in calls the helper for that site.
TEST(MapsReference, SitesAreInTheirFiles) {
#define SITE(id, file, helper)                                                    \
  {                                                                               \
    const std::string source = contentOf(SLUICE_SOURCE_DIR "/" file);             \
    EXPECT_NE(source.find("HELPER_FAILED(SITE_" #id), std::string::npos) << file; \
    EXPECT_NE(source.find(helper "("), std::string::npos) << file;                \
  }
#include "maps/abi/sites.def"
#undef SITE
}

}  // namespace
}  // namespace sluice
