// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/terminal.h"

#include <langinfo.h>
#include <unistd.h>

#include <clocale>
#include <cstdlib>
#include <iostream>

namespace sluice::cli {
namespace {

bool isSet(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

/// no-color.org: NO_COLOR of any content but the empty one.
bool wantsColour() {
  const char* term = std::getenv("TERM");
  const bool dumb = term != nullptr && std::string_view(term) == "dumb";
  return ::isatty(STDOUT_FILENO) == 1 && !isSet("NO_COLOR") && !dumb;
}

bool wantsUnicode() {
  std::setlocale(LC_CTYPE, "");
  return std::string_view(::nl_langinfo(CODESET)) == "UTF-8";
}

const char* sequenceOf(Colour colour) {
  switch (colour) {
    case Colour::kGreen:
      return "\033[32m";
    case Colour::kYellow:
      return "\033[33m";
    case Colour::kRed:
      return "\033[31m";
    case Colour::kNone:
      break;
  }
  return "";
}

}  // namespace

Terminal Terminal::ofProcess() { return {std::cout, std::cerr, wantsColour(), wantsUnicode()}; }

std::string Terminal::paint(Colour wanted, std::string_view text) const {
  if (!colour || wanted == Colour::kNone) return std::string(text);
  return sequenceOf(wanted) + std::string(text) + "\033[0m";
}

ExitCode report(const Terminal& terminal, const Error& error) {
  terminal.err << "sluicectl: " << error.message() << "\n";
  if (!error.hint().empty()) terminal.err << "hint: " << error.hint() << "\n";
  return exitCodeOf(error);
}

}  // namespace sluice::cli
