// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "userspace/cli/printer.h"

namespace sluice::cli {

/// The flags that every command has.
struct CommonOptions {
  Format format = Format::kTable;
  bool headers = true;
  std::string in_namespace;  ///< empty: all
  std::string socket;
  std::chrono::milliseconds timeout{};
};

}  // namespace sluice::cli
