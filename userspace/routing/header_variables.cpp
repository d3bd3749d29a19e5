// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/header_variables.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace sluice::routing {
namespace {

enum class Follows { kNothing, kField, kTimeFormat };

struct Known {
  HeaderVariable kind;
  std::string_view name;
  Follows follows;
};

constexpr Known kKnown[] = {
#define VARIABLE(kind, name, follows) {HeaderVariable::kind, name, Follows::follows},
#include "userspace/routing/header_variables.def"
#undef VARIABLE
};

/// What stands between two percent signs.
struct Written {
  std::string_view name;
  std::optional<std::string_view> arguments;
  std::string_view length;  ///< with its colon
};

Written takenApart(std::string_view variable) {
  const size_t name_end = std::min(variable.find_first_of("(:"), variable.size());
  Written written{variable.substr(0, name_end), {}, {}};
  variable.remove_prefix(name_end);
  if (variable.starts_with('(')) {
    const size_t close = variable.find(')');
    written.arguments = variable.substr(1, close - 1);
    variable.remove_prefix(close + 1);
  }
  written.length = variable;
  return written;
}

/// ":LENGTH", or nothing.
bool readLength(std::string_view text, size_t& longest) {
  if (text.empty()) return true;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + 1, end, longest);
  return text.front() == ':' && read.ec == std::errc() && read.ptr == end;
}

/// "name" or "name?other".
bool readField(const Written& written, HeaderPiece& piece) {
  if (!written.arguments || written.arguments->empty()) return false;
  const size_t question = written.arguments->find('?');
  piece.text = written.arguments->substr(0, question);
  if (question != std::string_view::npos) piece.other = written.arguments->substr(question + 1);
  return readLength(written.length, piece.longest);
}

bool readRest(Follows follows, const Written& written, HeaderPiece& piece) {
  switch (follows) {
    case Follows::kField:
      return readField(written, piece);
    case Follows::kTimeFormat:
      piece.text = written.arguments.value_or("");
      return written.length.empty();
    case Follows::kNothing:
      return !written.arguments && written.length.empty();
  }
  return false;
}

/// `variable`: with its percent signs.
HeaderPiece pieceOf(std::string_view variable) {
  const auto written = takenApart(variable.substr(1, variable.size() - 2));
  const auto* const known = std::ranges::find(kKnown, written.name, &Known::name);
  HeaderPiece piece;
  if (known != std::end(kKnown) && readRest(known->follows, written, piece)) {
    piece.kind = known->kind;
    return piece;
  }
  return {HeaderVariable::kUnknown, std::string(variable)};
}

/// Of what begins with a percent sign, its closing one included; 0: nothing closes it. Percent
/// signs among arguments, as times have them, close nothing.
size_t sizeOfVariable(std::string_view text) {
  const size_t next = text.find_first_of("(%", 1);
  const size_t arguments_end = next != text.npos && text[next] == '(' ? text.find(')', next) : next;
  const size_t end = text.find('%', std::min(arguments_end, text.size()));
  return end == text.npos ? 0 : end + 1;
}

void addText(std::string_view text, std::vector<HeaderPiece>& pieces) {
  if (text.empty()) return;
  if (pieces.empty() || pieces.back().kind != HeaderVariable::kText) pieces.emplace_back();
  pieces.back().text.append(text);
}

}  // namespace

std::vector<HeaderPiece> headerPieces(std::string_view value) {
  std::vector<HeaderPiece> pieces;
  while (!value.empty()) {
    const size_t begin = std::min(value.find('%'), value.size());
    addText(value.substr(0, begin), pieces);
    value.remove_prefix(begin);
    const size_t size = value.starts_with("%%") ? 2 : sizeOfVariable(value);
    if (size == 0) {
      addText(value, pieces);
      break;
    }
    if (size == 2)
      addText("%", pieces);
    else
      pieces.push_back(pieceOf(value.substr(0, size)));
    value.remove_prefix(size);
  }
  return pieces;
}

}  // namespace sluice::routing
