// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/app.h"

#include <CLI/CLI.hpp>
#include <functional>
#include <map>

#include "maps/abi/limits.h"
#include "userspace/cli/commands.h"
#include "userspace/cli/layouts.h"
#include "userspace/observe/admin_protocol.h"

namespace sluice::cli {
namespace {

using std::chrono::milliseconds;

const std::map<std::string, Format> kFormats = {{"table", Format::kTable},
                                                {"wide", Format::kWide},
                                                {"json", Format::kJson},
                                                {"yaml", Format::kYaml},
                                                {"name", Format::kName}};

const std::map<std::string, Diagnostic::Level> kLevels = {{"error", Diagnostic::Level::kError},
                                                          {"warning", Diagnostic::Level::kWarning},
                                                          {"info", Diagnostic::Level::kInfo}};

/// Everything that the command line can set, and what it asks to be done.
struct Invocation {
  CommonOptions common;
  int64_t timeout_ms = 5000;
  int64_t wait_ms = 30000;
  CheckArguments check;
  StatusArguments status;
  GetArguments get;
  ExplainArguments explain;
  AnalyzeArguments analyze;
  ObserveArguments observe;
  bool lists = false;  ///< the command prints a list: it knows -o wide and -o name
  std::function<ExitCode(const Terminal&)> command;
};

/// "30s", "500ms", "2m" as milliseconds.
CLI::Option* addDuration(CLI::App& app, const std::string& flag, int64_t& value,
                         const std::string& help) {
  return app.add_option(flag, value, help)
      ->transform(CLI::AsNumberWithUnit(
          std::map<std::string, int64_t>{{"ms", 1}, {"s", 1000}, {"m", 60000}},
          CLI::AsNumberWithUnit::UNIT_REQUIRED, "DURATION"))
      ->check(CLI::Range(int64_t{1}, int64_t{86400000}).description(""))
      ->type_name("DURATION");
}

void addCommon(CLI::App& app, Invocation& invocation) {
  app.add_option("-o,--output", invocation.common.format,
                 "Format of the output: table, json, yaml; of lists also wide, name")
      ->transform(CLI::CheckedTransformer(kFormats).description(""))
      ->type_name("FORMAT");
  app.add_option("--socket", invocation.common.socket, "Admin socket of the agent")
      ->default_val(std::string(observe::kDefaultAdminSocket))
      ->type_name("PATH");
  addDuration(app, "--timeout", invocation.timeout_ms, "How long to wait for the agent (5s)");
  app.add_flag("!--no-headers", invocation.common.headers, "Leave out the titles of tables");
  auto* one = app.add_option("-n,--namespace", invocation.common.in_namespace,
                             "Only this namespace (default: all)");
  app.add_flag_callback(
         "-A,--all-namespaces", [] {}, "All namespaces, as without -n")
      ->excludes(one);
}

/// Flags of every command may stand before its name and after it.
CLI::App& addCommand(CLI::App& app, const std::string& name, const std::string& help,
                     const std::string& examples) {
  auto& command = *app.add_subcommand(name, help)->fallthrough();
  command.footer("Flags of every command: sluicectl --help\n\nExamples:\n" + examples);
  return command;
}

void addCheck(CLI::App& app, Invocation& invocation) {
  auto& command = addCommand(app, "check", "Can this machine run Sluice, and if not, why",
                             "  sluicectl check\n  sluicectl check -o json\n");
  command
      .add_option("--pin-root", invocation.check.pin_root,
                  "Where sluiced will pin its programs and maps")
      ->capture_default_str();
  command.callback([&invocation] {
    invocation.command = [&](const Terminal& t) {
      return runCheck(t, invocation.common, invocation.check);
    };
  });
}

void addStatus(CLI::App& app, Invocation& invocation) {
  auto& command =
      addCommand(app, "status", "What is in force, what was refused and why",
                 "  sluicectl status\n  sluicectl status --wait=10s && curl http://…\n");
  auto* wait = addDuration(command, "--wait", invocation.wait_ms,
                           "Read the directory now and wait until all of it is applied (30s)");
  wait->expected(0, 1)->default_str("30s");
  command.callback([&invocation, wait] {
    if (wait->count() > 0) invocation.status.wait = milliseconds(invocation.wait_ms);
    invocation.command = [&](const Terminal& t) {
      return runStatus(t, invocation.common, invocation.status);
    };
  });
}

std::string checkNoun(const std::string& word) {
  if (findNoun(word) != nullptr) return {};
  std::string known;
  for (const auto& noun : nouns()) known += (known.empty() ? "" : ", ") + std::string(noun.name);
  return "there is no \"" + word + "\"; there are " + known;
}

void addGet(CLI::App& app, Invocation& invocation) {
  auto& command =
      addCommand(app, "get", "List what the agent knows, or the resources that it has read",
                 "  sluicectl get services\n  sluicectl get routes -n shop -o wide\n"
                 "  sluicectl get ep -o json\n  sluicectl get vs product-api -o yaml\n"
                 "  sluicectl get dr -f rules/ -o yaml\n");
  command
      .add_option("WHAT", invocation.get.what,
                  "services, routes, endpoints, workloads, connections, or a kind of resource: "
                  "virtualservices, destinationrules, serviceentries, …")
      ->required()
      ->check(CLI::Validator(checkNoun, ""));
  command.add_option("NAME", invocation.get.name, "Only what has this name");
  command.add_option("-f,--filename", invocation.get.files,
                     "Files and directories to read resources from instead of asking the agent");
  command.add_flag("--unsteered", invocation.get.unsteered,
                   "Connections that are older than the workload's enrolment or the service");
  command.callback([&invocation] {
    invocation.lists = true;
    invocation.command = [&](const Terminal& t) {
      return runGet(t, invocation.common, invocation.get);
    };
  });
}

void addExplain(CLI::App& app, Invocation& invocation) {
  auto& command = addCommand(
      app, "explain", "Which rule a request meets, where it goes, on which path, and why",
      "  sluicectl explain --from shop/web --to product-api\n"
      "  sluicectl explain -f rules/ --from shop/web --to product-api:80 -H 'user-group: beta'\n");
  auto& arguments = invocation.explain;
  command.add_option("-f,--filename", arguments.files,
                     "Files and directories to read instead of asking the agent");
  command.add_option("--from", arguments.from, "Client, as NAMESPACE/WORKLOAD")->required();
  command.add_option("--to", arguments.to, "Called service, as HOST[:PORT]")->required();
  command.add_option("--method", arguments.method, "HTTP method (GET)");
  command.add_option("--path", arguments.path, "Path with query (/)");
  command.add_option("-H,--header", arguments.headers, "Header, as 'name: value'")
      ->allow_extra_args(false);
  command.add_option("--host", arguments.authority, "Host header, when it is not that of --to");
  command.add_option("--proto", arguments.proto, "What is sent first: http, tcp or tls (http)")
      ->check(CLI::IsMember({"http", "tcp", "tls"}));
  command.add_option("--sni", arguments.sni, "Server name that a TLS client asks for");
  command
      .add_option("--http-mode", arguments.http_mode,
                  "Which service is meant: service (the address that is called) or istio (the Host "
                  "header decides); of files, instead of what their Agent says")
      ->check(CLI::IsMember({"service", "istio"}))
      ->needs("-f");
  command.callback([&invocation] {
    invocation.command = [&](const Terminal& t) {
      return runExplain(t, invocation.common, invocation.explain);
    };
  });
}

void addAnalyze(CLI::App& app, Invocation& invocation) {
  auto& command = addCommand(
      app, "analyze", "What is wrong with a configuration, in files or of the running agent",
      "  sluicectl analyze -f rules/\n"
      "  kubectl get vs,dr,se,svc,pod -A -o yaml | sluicectl analyze -f - --fail-on warning\n"
      "  sluicectl analyze -f rules/ -S \"IST0118=Service legacy.shop\" -S \"SLU2006=*\"\n");
  auto& arguments = invocation.analyze;
  command.add_option("-f,--filename", arguments.files,
                     "Files and directories to read, - for standard input; without it, what the "
                     "agent reads");
  command
      .add_option("-S,--suppress", arguments.suppress,
                  "Leave out findings, as 'CODE=Kind name.namespace'; * stands for any text")
      ->allow_extra_args(false);
  command.add_option("--meshConfig", arguments.mesh_config, "File of Istio's mesh-wide settings");
  command
      .add_option("--max-services", arguments.max_services,
                  "Services that the nodes' agents have room for, as their option (default: that "
                  "of the running agent, and with -f the most)")
      ->check(CLI::Range(1u, uint32_t{SLUICE_MAX_SERVICES}).description(""));
  command.add_option("--max-endpoints", arguments.max_endpoints, "The same for endpoints")
      ->check(CLI::Range(1u, uint32_t{SLUICE_MAX_ENDPOINTS}).description(""));
  command.add_option("--fail-on", arguments.fail_on, "Lowest level that makes the command fail")
      ->transform(CLI::CheckedTransformer(kLevels).description(""))
      ->default_str("error")
      ->type_name("error|warning|info");
  command.add_flag("-L,--list-analyzers", arguments.list, "List all checks and codes");
  command.callback([&invocation] {
    invocation.command = [&](const Terminal& t) {
      return runAnalyze(t, invocation.common, invocation.analyze);
    };
  });
}

void addStat(CLI::App& app, Invocation& invocation) {
  auto& command =
      addCommand(app, "stat", "Connections and requests of services, destinations and endpoints",
                 "  sluicectl stat\n  sluicectl stat -o wide\n");
  command.callback([&invocation] {
    invocation.lists = true;
    invocation.command = [&](const Terminal& t) { return runStat(t, invocation.common); };
  });
}

void addObserve(CLI::App& app, Invocation& invocation) {
  auto& command =
      addCommand(app, "observe", "Follow connections: which path they take, how they end",
                 "  sluicectl observe --workload shop/web\n"
                 "  sluicectl observe --reason no_endpoints -o json\n"
                 "  sluicectl observe --service product-api --sample 100\n");
  auto& arguments = invocation.observe;
  command.add_option("--workload", arguments.workload, "Only of this client, as [NAMESPACE/]NAME");
  command.add_option("--service", arguments.service, "Only to this service, as HOST[:PORT]");
  command.add_option("--reason", arguments.reason, "Only of this path: steered, to_proxy, …");
  command.add_option("--sample", arguments.sample, "Of one of so many connections (1)")
      ->check(CLI::Range(1u, UINT32_MAX).description(""))
      ->type_name("N");
  command.add_option("--limit", arguments.limit, "End after so many events")
      ->check(CLI::Range(uint64_t{1}, uint64_t{UINT32_MAX}).description(""))
      ->type_name("N");
  command.callback([&invocation] {
    invocation.command = [&](const Terminal& t) {
      return runObserve(t, invocation.common, invocation.observe);
    };
  });
}

void addBpf(CLI::App& app, Invocation& invocation) {
  auto& group = addCommand(app, "bpf", "The kernel's maps, and what its programs have met with",
                           "  sluicectl bpf maps\n  sluicectl bpf errors\n");
  group.require_subcommand(1);
  auto& errors =
      addCommand(group, "errors", "Helpers of the kernel that failed, with file and line",
                 "  sluicectl bpf errors -o json\n");
  errors.callback([&invocation] {
    invocation.lists = true;
    invocation.command = [&](const Terminal& t) { return runBpfErrors(t, invocation.common); };
  });
  auto& maps = addCommand(group, "maps", "How full each map is, and what happens when it is",
                          "  sluicectl bpf maps -o wide\n");
  maps.callback([&invocation] {
    invocation.lists = true;
    invocation.command = [&](const Terminal& t) { return runBpfMaps(t, invocation.common); };
  });
}

void addVersion(CLI::App& app, Invocation& invocation) {
  auto& command = addCommand(app, "version", "Versions of sluicectl and of the agent",
                             "  sluicectl version -o json\n");
  command.callback([&invocation] {
    invocation.command = [&](const Terminal& t) { return runVersion(t, invocation.common); };
  });
}

void addCommands(CLI::App& app, Invocation& invocation) {
  app.require_subcommand(1);
  addCommon(app, invocation);
  addCheck(app, invocation);
  addStatus(app, invocation);
  addGet(app, invocation);
  addExplain(app, invocation);
  addAnalyze(app, invocation);
  addStat(app, invocation);
  addObserve(app, invocation);
  addBpf(app, invocation);
  addVersion(app, invocation);
  app.footer(
      "Examples:\n  sluicectl check\n  sluicectl status --wait\n  sluicectl get routes -o wide\n\n"
      "Exit codes: 0 ok, 1 error, 64 usage, 65 bad data, 69 agent unavailable, 77 permission,\n"
      "79 findings.");
}

/// The JSON library throws when an answer lacks a field: then the agent is of another build.
ExitCode runGuarded(const Terminal& terminal, const Invocation& invocation) {
  try {
    return invocation.command(terminal);
  } catch (const observe::Json::exception&) {
    return report(terminal, Error(Error::Code::kInvalid, "the agent's answer has another form",
                                  "sluicectl and sluiced must be of the same version: compare "
                                  "sluicectl version"));
  }
}

}  // namespace

int run(const Terminal& terminal, int argc, const char* const* argv) {
  CLI::App app{"Looks into Sluice, the data plane of this node, and explains what it does."};
  app.name("sluicectl");
  Invocation invocation;
  addCommands(app, invocation);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error, terminal.out, terminal.err) == 0 ? kOk : kUsage;
  }
  const auto format = invocation.common.format;
  if (!invocation.lists && (format == Format::kWide || format == Format::kName)) {
    terminal.err << "this command prints no list: choose -o table, json or yaml\n";
    return kUsage;
  }
  invocation.common.timeout = milliseconds(invocation.timeout_ms);
  return runGuarded(terminal, invocation);
}

}  // namespace sluice::cli
