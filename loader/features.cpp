// SPDX-License-Identifier: Apache-2.0
#include "loader/features.h"

#include <bpf/bpf.h>

#include <array>
#include <cerrno>
#include <span>

#include "userspace/base/fd.h"

namespace sluice::loader {

namespace {

constexpr bpf_insn instruction(uint8_t code, unsigned to, unsigned from, int16_t offset,
                               int32_t value) {
  bpf_insn made{};
  made.code = code;
  made.dst_reg = to & 0xf;
  made.src_reg = from & 0xf;
  made.off = offset;
  made.imm = value;
  return made;
}

constexpr bpf_insn setRegister(unsigned to, int32_t value) {
  return instruction(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value);
}

constexpr bpf_insn copyRegister(unsigned to, unsigned from) {
  return instruction(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0);
}

constexpr bpf_insn addTo(unsigned to, int32_t value) {
  return instruction(BPF_ALU64 | BPF_ADD | BPF_K, to, 0, 0, value);
}

/// *(u64 *)(frame pointer + offset) = 0
constexpr bpf_insn zeroStack(int16_t offset) {
  return instruction(BPF_ST | BPF_MEM | BPF_DW, BPF_REG_10, 0, offset, 0);
}

constexpr bpf_insn call(int32_t helper) { return instruction(BPF_JMP | BPF_CALL, 0, 0, 0, helper); }

constexpr bpf_insn skipIfZero(unsigned tested, int16_t count) {
  return instruction(BPF_JMP | BPF_JEQ | BPF_K, tested, 0, count, 0);
}

constexpr bpf_insn leave() { return instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0); }

/// libbpf's own probes believe that newer kernels have every helper everywhere (the verifier's
/// message has changed); whether a program loads is beyond doubt.
bool loads(std::span<const bpf_insn> program) {
  LIBBPF_OPTS(bpf_prog_load_opts, options);
  options.expected_attach_type = BPF_CGROUP_INET4_CONNECT;
  const Fd fd(bpf_prog_load(BPF_PROG_TYPE_CGROUP_SOCK_ADDR, nullptr, "Apache-2.0", program.data(),
                            program.size(), &options));
  return static_cast<bool>(fd);
}

}  // namespace

bool hasSetRetval() {
  static constexpr std::array kProgram{
      setRegister(BPF_REG_1, -ECONNREFUSED),
      call(BPF_FUNC_set_retval),
      setRegister(BPF_REG_0, 0),
      leave(),
  };
  return loads(kProgram);
}

bool hasSkcLookup() {
  static constexpr std::array kProgram{
      zeroStack(-8),
      zeroStack(-16),
      copyRegister(BPF_REG_2, BPF_REG_10),
      addTo(BPF_REG_2, -16),
      setRegister(BPF_REG_3, 12),  // sizeof(bpf_sock_tuple.ipv4)
      setRegister(BPF_REG_4, BPF_F_CURRENT_NETNS),
      setRegister(BPF_REG_5, 0),
      call(BPF_FUNC_skc_lookup_tcp),
      skipIfZero(BPF_REG_0, 2),
      copyRegister(BPF_REG_1, BPF_REG_0),
      call(BPF_FUNC_sk_release),
      setRegister(BPF_REG_0, 1),
      leave(),
  };
  return loads(kProgram);
}

}  // namespace sluice::loader
