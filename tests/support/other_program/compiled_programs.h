// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "userspace/base/result.h"

struct bpf_link;
struct bpf_object;

namespace sluice::test {

/// Another project's programs on our hooks, from its object file, attached by links. Their maps are
/// empty, and pinned nowhere. Gone with this object.
class CompiledPrograms {
 public:
  /// kNotFound: the object has none for our hooks.
  static Result<CompiledPrograms> attach(const std::filesystem::path& object,
                                         const std::filesystem::path& cgroup);

 private:
  struct Close {
    void operator()(bpf_object* object) const;
    void operator()(bpf_link* link) const;
  };

  std::unique_ptr<bpf_object, Close> object_;
  std::vector<std::unique_ptr<bpf_link, Close>> links_;
};

}  // namespace sluice::test
