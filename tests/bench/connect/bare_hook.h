// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "tests/bench/connect/translations.h"
#include "tests/support/lab.h"

struct bare_program;

namespace sluice::test {

/// The floor: programs that do the least which any hook does that finds a service and remembers its
/// connections, for all sockets of one host as long as the object lives. IPv4 alone.
class BareHook {
 public:
  /// Its name to the kernel, see HookCost.
  static constexpr const char* kProgram = "bare_connect4";

  static Result<BareHook> attach(const Lab& lab, std::string_view host,
                                 std::span<const Translation> translations);

 private:
  struct Destroy {
    void operator()(bare_program* program) const;
  };
  using Program = std::unique_ptr<bare_program, Destroy>;

  explicit BareHook(Program program) : program_(std::move(program)) {}
  Program program_;
};

}  // namespace sluice::test
