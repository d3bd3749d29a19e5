// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/printer.h"

#include "userspace/cli/table.h"
#include "userspace/cli/yaml_text.h"

namespace sluice::cli {
namespace {

using observe::Json;

std::vector<const Column*> columnsOf(const Layout& layout, Format format) {
  std::vector<const Column*> columns;
  for (const auto& column : layout.columns)
    if (!column.wide || format == Format::kWide) columns.push_back(&column);
  return columns;
}

void printTable(const Terminal& terminal, const Json& items, const Layout& layout, Format format,
                bool with_headers) {
  const auto columns = columnsOf(layout, format);
  std::vector<std::string> titles;
  titles.reserve(columns.size());
  for (const auto* column : columns) titles.push_back(column->title);
  TextTable table(std::move(titles));
  for (const auto& item : items) {
    std::vector<std::string> cells;
    cells.reserve(columns.size());
    for (const auto* column : columns) cells.push_back(printable(column->cell(item)));
    table.addRow(std::move(cells));
  }
  table.print(terminal.out, with_headers);
}

}  // namespace

std::string cellText(const Json& item, const std::string& field) {
  const auto found = item.find(field);
  if (found == item.end() || found->is_null()) return "-";
  const auto text = found->is_string() ? found->get<std::string>() : observe::toText(*found);
  return text.empty() ? "-" : text;
}

Column fieldColumn(std::string title, const std::string& field, bool wide) {
  return {std::move(title), [field](const Json& item) { return cellText(item, field); }, wide};
}

bool printDocument(const Terminal& terminal, const Json& document, Format format) {
  if (format == Format::kJson)
    terminal.out << observe::toText(document, 2) << "\n";
  else if (format == Format::kYaml)
    terminal.out << yamlText(document);
  else
    return false;
  return true;
}

void printItems(const Terminal& terminal, const Json& document, const Layout& layout, Format format,
                bool with_headers) {
  if (printDocument(terminal, document, format)) return;
  const auto& items = document.at("items");
  if (format == Format::kName) {
    for (const auto& item : items) terminal.out << printable(layout.name(item)) << "\n";
  } else if (items.empty()) {
    terminal.err << "nothing found\n";
  } else {
    printTable(terminal, items, layout, format, with_headers);
  }
}

}  // namespace sluice::cli
