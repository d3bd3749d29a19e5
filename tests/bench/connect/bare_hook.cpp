// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/connect/bare_hook.h"

#include <arpa/inet.h>
#include <bare_program.skel.h>
#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "tests/bench/connect/bare/bare_address.h"
#include "userspace/base/fd.h"

namespace sluice::test {
namespace {

/// Of an IPv4 address.
bare_address bareAddress(const SocketAddress& address) {
  sockaddr_storage storage;
  address.to(AF_INET, storage);
  sockaddr_in ipv4;
  std::memcpy(&ipv4, &storage, sizeof(ipv4));
  return {ipv4.sin_addr.s_addr, ipv4.sin_port};
}

Result<void> fill(bpf_map* services, std::span<const Translation> translations) {
  for (const auto& [service, endpoint] : translations) {
    const auto key = bareAddress(service);
    const auto value = bareAddress(endpoint);
    if (::bpf_map__update_elem(services, &key, sizeof(key), &value, sizeof(value), BPF_ANY) != 0)
      return Error::system("tell the bare hook of a service", errno);
  }
  return {};
}

}  // namespace

void BareHook::Destroy::operator()(bare_program* program) const { bare_program__destroy(program); }

Result<BareHook> BareHook::attach(const Lab& lab, std::string_view host,
                                  std::span<const Translation> translations) {
  Program program(bare_program__open_and_load());
  if (!program) return Error::system("load the bare hook", errno);
  SLUICE_TRY(fill(program->maps.bare_services, translations));
  const Fd cgroup(::open(lab.host(host).cgroup_directory.c_str(), O_RDONLY | O_CLOEXEC));
  if (!cgroup) return Error::system("open the cgroup of " + std::string(host), errno);
  auto& [connect4, event] = program->links;
  connect4 = ::bpf_program__attach_cgroup(program->progs.bare_connect4, cgroup.get());
  event = ::bpf_program__attach_cgroup(program->progs.bare_event, cgroup.get());
  if (connect4 == nullptr || event == nullptr)
    return Error::system("attach the bare hook to " + std::string(host), errno);
  return BareHook(std::move(program));
}

}  // namespace sluice::test
