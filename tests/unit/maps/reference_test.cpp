// SPDX-License-Identifier: Apache-2.0
// docs/reference/maps.md is what maps/abi says.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

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

| map | key | value | entries at most |
| --- | --- | --- | --- |
)";

std::string mapsPage() {
  std::string text = fmt::format(kMapsIntroduction, SLUICE_SCHEMA);
#define TABLE(Name, bpf_name, Key, Value, entries) \
  text += fmt::format("| `{}` | `{}` | `{}` | {} |\n", #bpf_name, #Key, #Value, entries);
#include "maps/abi/tables.def"
#undef TABLE
  text +=
      "\n## Why a connection took its path\n\n"
      "Index of `reasons`, label of `sluice_path_total`.\n\n"
      "| index | reason | what it means |\n| --- | --- | --- |\n";
#define REASON(id, label, text_of) \
  text += fmt::format("| {} | `{}` | {} |\n", static_cast<int>(REASON_##id), label, text_of);
#include "maps/abi/reasons.def"
#undef REASON
  text +=
      "\n## Why Sluice ended a connection\n\n"
      "Index of `endings`, label of `sluice_connections_ended_total`.\n\n"
      "| index | reason | what it means |\n| --- | --- | --- |\n";
#define ENDING(id, label, text_of) \
  text += fmt::format("| {} | `{}` | {} |\n", static_cast<int>(ENDING_##id), label, text_of);
#include "maps/abi/endings.def"
#undef ENDING
  text +=
      "\n## Where a helper of the kernel may fail\n\n"
      "`site` in the keys of `failures`; `sluicectl bpf errors` prints them with the line.\n\n"
      "| site | file | helper |\n| --- | --- | --- |\n";
#define SITE(id, file, helper) \
  text += fmt::format("| {} | `{}` | `{}` |\n", static_cast<int>(SITE_##id), file, helper);
#include "maps/abi/sites.def"
#undef SITE
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
