// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/rule_weight.h"

namespace sluice {

uint64_t weightOf(const HttpRoute& rule) {
  return 1 + rule.match.size() + rule.route.size() + rule.mirrors.size();
}

uint64_t weightOf(const TcpRoute& rule) {
  uint64_t weight = 1 + rule.route.size();
  for (const auto& match : rule.match) weight += 1 + match.destination_subnets.size();
  return weight;
}

uint64_t weightOf(const TlsRoute& rule) {
  uint64_t weight = 1 + rule.route.size();
  for (const auto& match : rule.match)
    weight += 1 + match.sni_hosts.size() + match.destination_subnets.size();
  return weight;
}

}  // namespace sluice
