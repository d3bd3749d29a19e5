// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "userspace/model/address.h"

namespace sluice::agent {

/// The command line of sluiced.
struct Options {
  enum class Command {
    kRun,        ///< as the broker, which starts the agent
    kAgent,      ///< as the agent; started by the broker alone
    kUninstall,  ///< remove everything that is pinned
    kExit,       ///< everything is said: --help, --version, or a usage error
  };

  Command command = Command::kRun;
  int exit_code = 0;  ///< of kExit
  std::string config;
  std::string pin_root;
  std::string socket;
  SocketAddress metrics;
  unsigned workers = 1;
  unsigned patience = 0;  ///< seconds
  bool take_over = false;
  unsigned drain = 0;  ///< seconds
  std::string log_level;
  std::string access_log;                  ///< "off", "errors", "all"
  std::string access_log_format;           ///< "text", "json"
  std::string metrics_compat;              ///< "none", "istio"
  std::vector<SocketAddress> dns_servers;  ///< empty: those of /etc/resolv.conf
  uint32_t max_services = 0;               ///< of new maps, which the broker makes
  uint32_t max_endpoints = 0;
};

/// Prints help, version and usage errors itself.
Options parseOptions(int argc, const char* const* argv);

/// The command line for the agent: `program` is the file to execute.
std::vector<std::string> agentArguments(const std::string& program, const Options& options);

}  // namespace sluice::agent
