// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <iostream>
#include <thread>

#include "loader/capacity.h"
#include "userspace/observe/admin_protocol.h"
#include "userspace/observe/version.h"

namespace sluice::agent {
namespace {

constexpr int kUsage = 64;  // EX_USAGE
/// One message of the broker carries the channels of all workers.
constexpr unsigned kMaxWorkers = 128;
constexpr uint16_t kDnsPort = 53;

unsigned cores() { return std::clamp(std::thread::hardware_concurrency(), 1u, kMaxWorkers); }

/// "127.0.0.1:15020", "[::1]:0".
Result<SocketAddress> parseSocketAddress(const std::string& text) {
  const Error wrong(Error::Code::kInvalid, "\"" + text + "\" is no ADDRESS:PORT");
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return wrong;
  auto host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  auto ip = IpAddress::parse(host);
  const auto digits = std::string_view(text).substr(colon + 1);
  uint16_t port = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (!ip || parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size()) return wrong;
  return SocketAddress{*ip, port};
}

/// An address alone means port 53.
Result<SocketAddress> parseServer(const std::string& text) {
  if (auto ip = IpAddress::parse(text); ip.ok()) return SocketAddress{*ip, kDnsPort};
  return parseSocketAddress(text);
}

std::string checkServer(const std::string& text) {
  const auto address = parseServer(text);
  return address ? std::string() : address.error().message();
}

std::string checkSocketAddress(const std::string& text) {
  const auto address = parseSocketAddress(text);
  return address ? std::string() : address.error().message();
}

void addPinRoot(CLI::App& app, Options& options) {
  app.add_option("--pin-root", options.pin_root, "Where programs and maps are pinned; on a bpffs")
      ->default_val("/sys/fs/bpf/sluice");
}

/// Options whose texts stand for something else.
struct Texts {
  std::string metrics;
  std::vector<std::string> dns_servers;

  void readInto(Options& options) const {
    options.metrics = *parseSocketAddress(metrics);
    for (const auto& server : dns_servers) options.dns_servers.push_back(*parseServer(server));
  }
};

void addNetworkOptions(CLI::App& app, Texts& texts) {
  app.add_option("--metrics", texts.metrics, "Address and port of /metrics, /healthz and /readyz")
      ->default_val("127.0.0.1:15020")
      ->check(CLI::Validator(checkSocketAddress, ""));
  app.add_option("--dns-server", texts.dns_servers,
                 "Name server to ask, ADDRESS or ADDRESS:PORT; several in the order in which they "
                 "are asked (default: those of /etc/resolv.conf)")
      ->allow_extra_args(false)
      ->check(CLI::Validator(checkServer, ""));
}

/// What is pinned already keeps its size.
void addCapacity(CLI::App& app, Options& options) {
  const auto fitting = loader::capacityOfMachine();
  app.add_option(
         "--max-services", options.max_services,
         "Addresses and ports of services that the kernel's maps have room for (default: by the "
         "memory of the machine, or of the cgroup)")
      ->default_val(fitting.services)
      ->check(CLI::Range(1u, uint32_t{SLUICE_MAX_SERVICES}));
  app.add_option("--max-endpoints", options.max_endpoints,
                 "Endpoints that they have room for (default: the same)")
      ->default_val(fitting.endpoints)
      ->check(CLI::Range(1u, uint32_t{SLUICE_MAX_ENDPOINTS}));
}

/// What a running sluiced needs, broker and agent alike.
void addRunOptions(CLI::App& app, Options& options) {
  app.add_option("--config", options.config, "Directory of YAML files; watched");
  app.add_option("--socket", options.socket, "Admin socket, for sluicectl")
      ->default_val(std::string(observe::kDefaultAdminSocket));
  app.add_option("--workers", options.workers, "Threads of the proxy (default: one per core)")
      ->default_val(cores())
      ->check(CLI::Range(1u, kMaxWorkers));
  app.add_option("--patience", options.patience,
                 "Seconds after which an agent that gives no sign of life is replaced")
      ->default_val(30u)
      ->check(CLI::Range(1u, 3600u));
  app.add_flag("--take-over", options.take_over,
               "Take the place of the sluiced that runs with the same --pin-root and --socket, if "
               "one does");
  app.add_option("--drain", options.drain,
                 "Seconds that connections of the proxy have to end when another one has taken "
                 "this one's place")
      ->default_val(300u)
      ->check(CLI::Range(1u, 86400u));
  app.add_option("--log-level", options.log_level, "trace, debug, info, warn or error")
      ->default_val("info")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error"}));
  app.add_option("--access-log", options.access_log, "Requests to log: off, errors or all")
      ->default_val("off")
      ->check(CLI::IsMember({"off", "errors", "all"}));
  app.add_option("--access-log-format", options.access_log_format, "Its lines: text or json")
      ->default_val("text")
      ->check(CLI::IsMember({"text", "json"}));
  app.add_option("--metrics-compat", options.metrics_compat,
                 "Metrics of requests under other names, too: none or istio")
      ->default_val("none")
      ->check(CLI::IsMember({"none", "istio"}));
}

int exitWith(const CLI::App& app, const CLI::ParseError& error) {
  return app.exit(error, std::cout, std::cerr) == 0 ? 0 : kUsage;
}

}  // namespace

Options parseOptions(int argc, const char* const* argv) {
  Options options;
  Texts texts;
  CLI::App app{"Runs Istio's traffic rules for the workloads of this node."};
  app.name("sluiced");
  app.set_version_flag("--version", std::string("sluiced ") + observe::version());
  addPinRoot(app, options);
  addCapacity(app, options);
  addRunOptions(app, options);
  addNetworkOptions(app, texts);
  auto& uninstall =
      *app.add_subcommand("uninstall", "Detach from all workloads and remove what is pinned");
  uninstall.fallthrough();
  // For the broker alone, which starts it: it has no group, so that help does not show it.
  auto& agent = *app.add_subcommand("agent", "")->group("")->fallthrough();
  app.footer("Example:\n  sluiced --config /etc/sluice\n  sluicectl status --wait");
  try {
    app.parse(argc, argv);
    if (!uninstall.parsed() && options.config.empty()) throw CLI::RequiredError("--config");
  } catch (const CLI::ParseError& error) {
    options.command = Options::Command::kExit;
    options.exit_code = exitWith(app, error);
    return options;
  }
  texts.readInto(options);
  if (agent.parsed()) options.command = Options::Command::kAgent;
  if (uninstall.parsed()) options.command = Options::Command::kUninstall;
  return options;
}

std::vector<std::string> agentArguments(const std::string& program, const Options& options) {
  std::vector<std::string> arguments = {program,
                                        "agent",
                                        "--config",
                                        options.config,
                                        "--socket",
                                        options.socket,
                                        "--metrics",
                                        options.metrics.text(),
                                        "--workers",
                                        std::to_string(options.workers),
                                        "--log-level",
                                        options.log_level,
                                        "--access-log",
                                        options.access_log,
                                        "--access-log-format",
                                        options.access_log_format,
                                        "--metrics-compat",
                                        options.metrics_compat};
  for (const auto& server : options.dns_servers) {
    arguments.emplace_back("--dns-server");
    arguments.push_back(server.text());
  }
  return arguments;
}

}  // namespace sluice::agent
