// SPDX-License-Identifier: Apache-2.0
// The other ways in which a node translates the addresses of services.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "tests/bench/connect/translations.h"
#include "tests/support/lab.h"

namespace sluice::test {

/// One DNAT rule for each service, in an order of their own: a connection walks over half of them.
std::string iptablesRules(std::span<const Translation> translations);
/// One map of all services: a connection looks itself up.
std::string nftRules(std::span<const Translation> translations);

/// Installs rules in the host's network.
Result<void> installIptables(const Lab& lab, std::string_view host, const std::string& rules);
Result<void> installNft(const Lab& lab, std::string_view host, const std::string& rules);

/// Connections that the host's connection tracking had no room for, since it exists.
Result<uint64_t> untracked(const Lab& lab, std::string_view host);

}  // namespace sluice::test
