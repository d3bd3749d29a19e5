// SPDX-License-Identifier: Apache-2.0
// What each command does once its arguments are known. Each prints and answers the exit code.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "userspace/cli/options.h"
#include "userspace/model/diagnostic.h"

namespace sluice::cli {

struct GetArguments {
  std::string what;                ///< a word that findNoun() knows
  std::string name;                ///< empty: all
  std::vector<std::string> files;  ///< of resources; empty: the running agent answers
  bool unsteered = false;          ///< connections that the programs do not know
};

struct StatusArguments {
  std::optional<std::chrono::milliseconds> wait;  ///< until everything that can be read is applied
};

struct CheckArguments {
  std::string pin_root = "/sys/fs/bpf/sluice";  ///< as sluiced will be started with
};

struct ExplainArguments {
  std::vector<std::string> files;  ///< empty: the running agent answers
  std::string from;                ///< "namespace/workload"
  std::string to;                  ///< "host[:port]"
  std::string method = "GET";
  std::string path = "/";
  std::vector<std::string> headers;  ///< "name: value"
  std::string authority;             ///< empty: `to`
  std::string proto;                 ///< "http", "tcp", "tls"; empty: tls with `sni`, else http
  std::string sni;
  std::string http_mode;  ///< "service", "istio"; empty: what the files' Agent says
};

struct AnalyzeArguments {
  std::vector<std::string> files;     ///< empty: what the running agent reads
  std::vector<std::string> suppress;  ///< "CODE=Kind name.namespace"
  std::string mesh_config;            ///< file; empty: none
  /// Of the agents; 0 of files: the most that there can be, else those of the running one.
  uint32_t max_services = 0, max_endpoints = 0;
  Diagnostic::Level fail_on = Diagnostic::Level::kError;
  bool list = false;  ///< say what can be found, and analyze nothing
};

struct ObserveArguments {
  std::string workload, service, reason;  ///< empty: all
  uint32_t sample = 1;                    ///< one of so many connections
  uint64_t limit = 0;                     ///< end after so many events; 0: never
};

ExitCode runGet(const Terminal& terminal, const CommonOptions& options,
                const GetArguments& arguments);
ExitCode runStatus(const Terminal& terminal, const CommonOptions& options,
                   const StatusArguments& arguments);
ExitCode runExplain(const Terminal& terminal, const CommonOptions& options,
                    const ExplainArguments& arguments);
ExitCode runAnalyze(const Terminal& terminal, const CommonOptions& options,
                    const AnalyzeArguments& arguments);
ExitCode runStat(const Terminal& terminal, const CommonOptions& options);
ExitCode runObserve(const Terminal& terminal, const CommonOptions& options,
                    const ObserveArguments& arguments);
ExitCode runBpfMaps(const Terminal& terminal, const CommonOptions& options);
ExitCode runBpfErrors(const Terminal& terminal, const CommonOptions& options);
ExitCode runCheck(const Terminal& terminal, const CommonOptions& options,
                  const CheckArguments& arguments);
ExitCode runVersion(const Terminal& terminal, const CommonOptions& options);

}  // namespace sluice::cli
