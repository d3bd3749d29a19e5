// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "userspace/cli/terminal.h"
#include "userspace/observe/json.h"

namespace sluice::cli {

enum class Format { kTable, kWide, kJson, kYaml, kName };

/// One column of a list of items.
struct Column {
  std::string title;
  std::function<std::string(const observe::Json& item)> cell;
  bool wide = false;  ///< only with -o wide
};

/// How items of one kind are shown.
struct Layout {
  std::vector<Column> columns;
  std::function<std::string(const observe::Json& item)> name;  ///< of -o name
};

/// The text of `field`, a number in digits, "-" when it is absent, null or empty.
std::string cellText(const observe::Json& item, const std::string& field);

/// A column that shows a field as it is.
Column fieldColumn(std::string title, const std::string& field, bool wide = false);

/// Prints `document`, an envelope with items. Table formats of an empty list say so on stderr.
void printItems(const Terminal& terminal, const observe::Json& document, const Layout& layout,
                Format format, bool with_headers);

/// Prints a document as JSON or YAML; false for the formats that need a layout.
bool printDocument(const Terminal& terminal, const observe::Json& document, Format format);

}  // namespace sluice::cli
