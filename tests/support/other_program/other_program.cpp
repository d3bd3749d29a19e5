// SPDX-License-Identifier: Apache-2.0
#include "tests/support/other_program/other_program.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <fcntl.h>
#include <linux/bpf.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <span>

namespace sluice::test {
namespace {

constexpr bpf_insn instruction(int code, unsigned to, unsigned from, int16_t offset,
                               int32_t value) {
  bpf_insn made{};
  made.code = static_cast<uint8_t>(code);
  made.dst_reg = to & 0xf;
  made.src_reg = from & 0xf;
  made.off = offset;
  made.imm = value;
  return made;
}

constexpr bpf_insn load(unsigned to, size_t field) {
  return instruction(BPF_LDX | BPF_MEM | BPF_W, to, BPF_REG_1, static_cast<int16_t>(field), 0);
}
constexpr bpf_insn store(size_t field, unsigned from) {
  return instruction(BPF_STX | BPF_MEM | BPF_W, BPF_REG_1, from, static_cast<int16_t>(field), 0);
}
constexpr bpf_insn set(unsigned to, uint32_t value) {
  return instruction(BPF_ALU | BPF_MOV | BPF_K, to, 0, 0, static_cast<int32_t>(value));
}
constexpr bpf_insn skipUnlessEqual(unsigned tested, uint32_t value, int16_t count) {
  return instruction(BPF_JMP32 | BPF_JNE | BPF_K, tested, 0, count, static_cast<int32_t>(value));
}
constexpr bpf_insn call(int32_t helper) { return instruction(BPF_JMP | BPF_CALL, 0, 0, 0, helper); }
constexpr bpf_insn leave() { return instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0); }

uint32_t word(const SocketAddress& address) {
  uint32_t network_order = 0;
  std::memcpy(&network_order, &address.ip.bytes[12], sizeof(network_order));
  return network_order;
}

Fd loaded(const std::string& name, bpf_attach_type hook, std::span<const bpf_insn> program) {
  LIBBPF_OPTS(bpf_prog_load_opts, options);
  options.expected_attach_type = hook;
  const auto type =
      hook == BPF_CGROUP_SOCK_OPS ? BPF_PROG_TYPE_SOCK_OPS : BPF_PROG_TYPE_CGROUP_SOCK_ADDR;
  return Fd(bpf_prog_load(type, name.c_str(), "GPL", program.data(), program.size(), &options));
}

unsigned flagsOf(OtherProgram::How how) {
  if (how == OtherProgram::How::kShared) return BPF_F_ALLOW_MULTI;
  return how == OtherProgram::How::kReplaceable ? BPF_F_ALLOW_OVERRIDE : 0;
}

uint32_t idOf(const Fd& program) {
  bpf_prog_info info{};
  uint32_t size = sizeof(info);
  return bpf_obj_get_info_by_fd(program.get(), &info, &size) == 0 ? info.id : 0;
}

}  // namespace

Result<OtherProgram> OtherProgram::attach(const std::string& name, const Redirect& redirect,
                                          const std::filesystem::path& cgroup, How how) {
  constexpr size_t kAddress = offsetof(bpf_sock_addr, user_ip4);
  constexpr size_t kPort = offsetof(bpf_sock_addr, user_port);
  const std::array program{
      load(BPF_REG_2, kAddress),
      skipUnlessEqual(BPF_REG_2, word(redirect.from), 4),
      set(BPF_REG_3, word(redirect.to)),
      store(kAddress, BPF_REG_3),
      set(BPF_REG_3, htons(redirect.to.port)),
      store(kPort, BPF_REG_3),
      set(BPF_REG_0, 1),
      leave(),
  };
  const auto hook = BPF_CGROUP_INET4_CONNECT;
  return attach(loaded(name, hook, program), hook, cgroup, how);
}

Result<OtherProgram> OtherProgram::attach(const std::string& name, const Refuse&,
                                          const std::filesystem::path& cgroup, How how) {
  static constexpr std::array kProgram{set(BPF_REG_0, 0), leave()};
  const auto hook = BPF_CGROUP_INET4_CONNECT;
  return attach(loaded(name, hook, kProgram), hook, cgroup, how);
}

Result<OtherProgram> OtherProgram::attach(const std::string& name, const ClearCallbacks&,
                                          const std::filesystem::path& cgroup, How how) {
  static constexpr std::array kProgram{
      set(BPF_REG_2, 0),
      call(BPF_FUNC_sock_ops_cb_flags_set),
      set(BPF_REG_0, 1),
      leave(),
  };
  const auto hook = BPF_CGROUP_SOCK_OPS;
  return attach(loaded(name, hook, kProgram), hook, cgroup, how);
}

Result<OtherProgram> OtherProgram::attach(Fd program, int hook, const std::filesystem::path& cgroup,
                                          How how) {
  if (!program) return Error::system("load another program");
  Fd directory(::open(cgroup.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return Error::system("open " + cgroup.string());
  OtherProgram made(std::move(program), hook, std::move(directory));
  const auto type = static_cast<bpf_attach_type>(hook);
  if (how == How::kLink) {
    made.link_ = Fd(bpf_link_create(made.program_.get(), made.cgroup_.get(), type, nullptr));
    if (!made.link_) return Error::system("attach another program");
    return made;
  }
  if (bpf_prog_attach(made.program_.get(), made.cgroup_.get(), type, flagsOf(how)) != 0)
    return Error::system("attach another program");
  return made;
}

OtherProgram::~OtherProgram() {
  if (program_ && !link_)
    bpf_prog_detach2(program_.get(), cgroup_.get(), static_cast<bpf_attach_type>(hook_));
}

bool OtherProgram::isAttached() const {
  std::array<uint32_t, 64> ids{};
  uint32_t count = ids.size();
  if (bpf_prog_query(cgroup_.get(), static_cast<bpf_attach_type>(hook_), 0, nullptr, ids.data(),
                     &count) != 0)
    return false;
  return std::find(ids.begin(), ids.begin() + count, idOf(program_)) != ids.begin() + count;
}

}  // namespace sluice::test
