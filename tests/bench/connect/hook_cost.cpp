// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/connect/hook_cost.h"

#include <bpf/bpf.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::test {
namespace {

Result<bpf_prog_info> infoOf(const Fd& program) {
  bpf_prog_info info{};
  uint32_t size = sizeof(info);
  if (::bpf_obj_get_info_by_fd(program.get(), &info, &size) != 0)
    return Error::system("read what the kernel knows of a program", errno);
  return info;
}

/// Ids are given in ascending order.
Result<Fd> newest(std::string_view name) {
  Fd found;
  uint32_t id = 0;
  while (::bpf_prog_get_next_id(id, &id) == 0) {
    Fd program(::bpf_prog_get_fd_by_id(id));
    if (!program) continue;  // gone meanwhile
    const auto info = infoOf(program);
    if (info && name == info->name) found = std::move(program);
  }
  if (!found) return Error(Error::Code::kNotFound, "no program " + std::string(name));
  return found;
}

}  // namespace

Result<HookCost> HookCost::watch(const char* program) {
  auto found = newest(program);
  if (!found) return std::move(found).error();
  Fd statistics(::bpf_enable_stats(BPF_STATS_RUN_TIME));
  if (!statistics) return Error::system("count the run time of programs", errno);
  HookCost cost(*std::move(found), std::move(statistics));
  static_cast<void>(cost.perRun());  // what was counted before
  return cost;
}

Result<double> HookCost::perRun() {
  const auto info = infoOf(program_);
  if (!info) return info.error();
  const auto runs = info->run_cnt - std::exchange(runs_, info->run_cnt);
  const auto nanoseconds = info->run_time_ns - std::exchange(nanoseconds_, info->run_time_ns);
  if (runs == 0) return Error(Error::Code::kUnavailable, "the program has not run");
  return static_cast<double>(nanoseconds) / static_cast<double>(runs);
}

}  // namespace sluice::test
