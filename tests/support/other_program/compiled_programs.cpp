// SPDX-License-Identifier: Apache-2.0
#include "tests/support/other_program/compiled_programs.h"

#include <bpf/libbpf.h>
#include <fcntl.h>

#include <algorithm>

#include "loader/hooks.h"
#include "userspace/base/fd.h"

namespace sluice::test {
namespace {

bool isOnOurHooks(const bpf_program* program) {
  return std::ranges::find(loader::kHooks, bpf_program__expected_attach_type(program),
                           &loader::Hook::attach_type) != loader::kHooks.end();
}

}  // namespace

void CompiledPrograms::Close::operator()(bpf_object* object) const { bpf_object__close(object); }
void CompiledPrograms::Close::operator()(bpf_link* link) const { bpf_link__destroy(link); }

Result<CompiledPrograms> CompiledPrograms::attach(const std::filesystem::path& object,
                                                  const std::filesystem::path& cgroup) {
  const Fd directory(::open(cgroup.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return Error::system("open " + cgroup.string());
  CompiledPrograms made;
  made.object_.reset(bpf_object__open_file(object.c_str(), nullptr));
  if (!made.object_) return Error::system("read " + object.string());
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, made.object_.get()) bpf_map__set_pin_path(map, nullptr);
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, made.object_.get())
      bpf_program__set_autoload(program, isOnOurHooks(program));
  if (bpf_object__load(made.object_.get()) != 0) return Error::system("load " + object.string());
  bpf_object__for_each_program(program, made.object_.get()) {
    if (!isOnOurHooks(program)) continue;
    made.links_.emplace_back(bpf_program__attach_cgroup(program, directory.get()));
    if (!made.links_.back())
      return Error::system("attach " + std::string(bpf_program__name(program)));
  }
  if (made.links_.empty())
    return Error(Error::Code::kNotFound, object.string() + " has no program for our hooks");
  return made;
}

}  // namespace sluice::test
