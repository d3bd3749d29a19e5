// SPDX-License-Identifier: Apache-2.0
#include "loader/program_swap.h"

#include <bpf/bpf.h>

#include <ranges>

#include "loader/link_info.h"
#include "userspace/base/log.h"

namespace sluice::loader {

Result<void> ProgramSwap::replace(const std::filesystem::path& pin, int program) {
  const Fd link(bpf_obj_get(pin.c_str()));
  if (!link) return Error::system("open " + pin.string());
  auto old = keepProgramOf(link.get());
  if (!old) return std::move(old).error();
  if (bpf_link_update(link.get(), program, nullptr) != 0) {
    if (errno == ENOLINK) return Error(Error::Code::kNotFound, "the cgroup is gone");
    return Error::system("swap the program of " + pin.string());
  }
  steps_.push_back({pin, *old});
  return {};
}

/// Without a descriptor the kernel would free it.
Result<uint32_t> ProgramSwap::keepProgramOf(int link) {
  const auto info = linkInfo(link);
  if (!info) return info.error();
  auto& kept = old_programs_[info->prog_id];
  if (!kept) kept = Fd(bpf_prog_get_fd_by_id(info->prog_id));
  if (!kept) return Error::system("open the attached program");
  return info->prog_id;
}

void ProgramSwap::undo() {
  for (const auto& step : steps_ | std::views::reverse)
    if (auto done = putBack(step); !done)
      log::error("put the old program back: {}", done.error().message());
  steps_.clear();
}

Result<void> ProgramSwap::putBack(const Step& step) {
  const Fd link(bpf_obj_get(step.pin.c_str()));
  if (!link) return Error::system("open " + step.pin.string());
  const int program = old_programs_.at(step.old_program).get();
  if (bpf_link_update(link.get(), program, nullptr) == 0 || errno == ENOLINK) return {};
  return Error::system("swap the program of " + step.pin.string());
}

}  // namespace sluice::loader
