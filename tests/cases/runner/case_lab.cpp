// SPDX-License-Identifier: Apache-2.0
#include "tests/cases/runner/case_lab.h"

#include <sstream>

#include "tests/cases/runner/expected_requests.h"
#include "tests/cases/runner/explanation.h"
#include "tests/cases/runner/yaml_json.h"
#include "tests/support/files.h"
#include "tests/support/programs.h"

namespace sluice::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr const char* kBackends = "backends";
constexpr auto kLongestAnswer = 60s;
/// How long copies of requests may be on their way.
constexpr auto kStragglers = 2s;

std::string joined(const std::set<uint16_t>& ports) {
  std::string text;
  for (const auto port : ports) text += (text.empty() ? "" : ",") + std::to_string(port);
  return text;
}

json agentResource(const Case& test, const std::string& http_mode, const json& pod) {
  json spec = {{"httpMode", http_mode}};
  if (const auto node = pod["spec"].value("nodeName", ""); !node.empty()) spec["nodeName"] = node;
  const auto mesh = test.request.value("mesh", json::object());
  for (const auto& [key, value] : mesh.items()) {
    const bool mode_alone = key == "outboundTrafficPolicy" && value.is_string();
    spec["mesh"][key] = mode_alone ? json{{"mode", value}} : value;
  }
  return {{"apiVersion", "sluice.io/v1"},
          {"kind", "Agent"},
          {"metadata", {{"name", "node"}}},
          {"spec", spec}};
}

json workloadResource(const Place& host, const json& pod) {
  return {{"apiVersion", "sluice.io/v1"},
          {"kind", "Workload"},
          {"metadata",
           {{"name", pod.at("metadata").at("name")},
            {"namespace", pod.at("metadata").at("namespace")},
            {"labels", pod.at("metadata").value("labels", json::object())}}},
          {"spec", {{"cgroup", host.cgroup}, {"networkNamespace", host.network_namespace}}}};
}

/// Lines that the daemon itself has logged look different.
bool isAccessLine(const std::string& line) {
  return line.starts_with('[') && line.find("] \"") != std::string::npos;
}

/// The best that there is to say about a daemon that does not start.
std::string lastLine(const std::filesystem::path& file) {
  const auto text = readFile(file);
  if (!text || text->empty()) return "sluiced";
  const size_t end = text->find_last_not_of('\n') + 1;
  const size_t begin = text->rfind('\n', end - 1);
  return text->substr(begin == std::string::npos ? 0 : begin + 1, end - begin - 1);
}

Result<std::vector<std::string>> accessLines(const std::filesystem::path& file) {
  auto text = readFile(file);
  if (!text) return std::move(text).error();
  std::vector<std::string> lines;
  std::istringstream stream(*text);
  for (std::string line; std::getline(stream, line);)
    if (isAccessLine(line)) lines.push_back(line);
  return lines;
}

std::vector<std::string> hostNames(const std::set<std::string>& clients) {
  std::vector<std::string> hosts = {"node", kBackends};
  hosts.insert(hosts.end(), clients.begin(), clients.end());
  return hosts;
}

}  // namespace

CaseLab::CaseLab(Lab lab, Plan plan, Process backends)
    : lab_(std::move(lab)), plan_(std::move(plan)), backends_(std::move(backends)) {}

Result<CaseLab> CaseLab::create(const Plan& plan) {
  auto lab = Lab::create(hostNames(plan.clients));
  if (!lab) return std::move(lab).error();
  // Whatever has no route is the host's own: it answers for every address. Behind the table of
  // real addresses, so that the clients are still found.
  SLUICE_TRY(lab->ip(kBackends, "route add local default dev lo table main\n"));
  auto backends = lab->spawn(
      kBackends, {programPath("case-backends"), "--ports", joined(plan.ports)}, Output::kTalk);
  if (!backends) return std::move(backends).error();
  if (auto ready = backends->readLine(kLongestAnswer); !ready)
    return std::move(ready).error().in("start the backends");
  CaseLab made(*std::move(lab), plan, *std::move(backends));
  auto world = World::load(plan.registry, plan.registry);
  if (!world) return std::move(world).error();
  for (const auto& client : plan.clients) {
    const auto* pod = world->pod(client);
    if (pod == nullptr) return Error(Error::Code::kNotFound, "the registry has no pod " + client);
    SLUICE_TRY(made.join(client, *pod));
  }
  return made;
}

/// Gives the client its pod's address, and a way to all others.
Result<void> CaseLab::join(const std::string& client, const json& pod) const {
  const auto ip = scalarText(pod.at("status").at("podIP"));
  const auto own = lab_.host(client).address4.text();
  const auto gateway = lab_.host(kBackends).address4.text();
  SLUICE_TRY(lab_.ip(client, "addr add " + ip + "/32 dev eth0\naddr del " + own +
                                 "/16 dev eth0\nroute add default via " + gateway +
                                 " dev eth0 onlink\n"));
  return lab_.ip(kBackends, "route add " + ip + "/32 dev eth0\n");
}

Result<void> CaseLab::configure(const Case& test, const std::filesystem::path& rules,
                                const json& pod) const {
  const auto directory = lab_.configDirectory();
  std::error_code error;
  for (const auto& [from, name] :
       {std::pair(plan_.registry, "registry.yaml"), {rules, "config.yaml"}})
    if (!std::filesystem::copy_file(from, directory / name,
                                    std::filesystem::copy_options::overwrite_existing, error))
      return Error::system("copy " + from.string(), error.value());
  const auto agent = agentResource(test, plan_.http_mode, pod);
  const auto workload = workloadResource(lab_.host(scalarText(pod["metadata"]["name"])), pod);
  // JSON is YAML.
  return writeFile(directory / "node.yaml", agent.dump() + "\n---\n" + workload.dump() + "\n");
}

Result<json> CaseLab::tell(const json& command) {
  SLUICE_TRY(backends_.writeLine(command.dump()));
  auto line = backends_.readLine(kLongestAnswer);
  if (!line) return std::move(line).error().in("the backends");
  return json::parse(*line);
}

Result<void> CaseLab::prepareBackends(const Case& test, const World& world,
                                      const SocketAddress& called) {
  auto doors = json::array({called.text()});
  for (const auto& backend : world.backends()) doors.push_back(backend.address.text());
  const auto& request = test.request;
  auto done =
      tell({{"behave",
             {{"doors", doors},
              {"script", request.value("upstream_script", json::array())},
              {"byEndpoint", request.value("upstream_by_endpoint", json::object())},
              {"delayMs", request.value("upstream_delay_ms", 0)},
              {"responseHeaders", request.value("upstream_response_headers", json::object())}}}});
  if (!done) return std::move(done).error();
  return {};
}

Result<void> CaseLab::observe(const Case& test, const Traffic& traffic, Outcome& outcome) {
  auto said = lab_.inside(test.request.at("client").get<std::string>(),
                          [&]() -> Result<std::string> { return textOf(send(traffic)); });
  if (!said) return std::move(said).error();
  auto exchanges = exchangesOf(*said);
  if (!exchanges) return std::move(exchanges).error();
  outcome.exchanges = *std::move(exchanges);
  const auto within = std::chrono::milliseconds(kStragglers).count();
  auto report =
      tell({{"report",
             {{"requests", expectedRequests(test, outcome.exchanges)}, {"withinMs", within}}}});
  if (!report) return std::move(report).error();
  return {};
}

Result<void> CaseLab::finish(SluicedProcess sluiced, const std::filesystem::path& log,
                             Outcome& outcome) {
  // The end writes what is left of the log, and nothing comes to the backends after it.
  SLUICE_TRY(sluiced.stop());
  SLUICE_TRY(SluicedProcess::uninstall(lab_));
  auto lines = accessLines(log);
  if (!lines) return std::move(lines).error();
  outcome.log = *std::move(lines);
  auto report = tell({{"report", json::object()}});
  if (!report) return std::move(report).error();
  outcome.backends = *std::move(report);
  return {};
}

Result<Outcome> CaseLab::play(const Case& test, const std::filesystem::path& rules,
                              const World& world) {
  const auto* pod = world.pod(test.request.at("client").get<std::string>());
  const auto client_namespace = scalarText(pod->at("metadata").at("namespace"));
  auto called = world.resolve(test.request.at("to").get<std::string>(), client_namespace);
  if (!called) return std::move(called).error();
  auto traffic = Traffic::from(test, *called);
  if (!traffic) return std::move(traffic).error();

  SLUICE_TRY(configure(test, rules, *pod));
  SLUICE_TRY(prepareBackends(test, world, *called));
  const auto log = lab_.directory() / "sluiced.log";
  auto sluiced = SluicedProcess::startInto(log, lab_, {"--access-log", "all"});
  if (!sluiced) return std::move(sluiced).error().in(lastLine(log));
  Outcome outcome{.called = *called};
  SLUICE_TRY(observe(test, *traffic, outcome));
  SLUICE_TRY(finish(*std::move(sluiced), log, outcome));
  if (!wantsExplanation(test)) return outcome;
  auto explanation = explain(test, lab_.configDirectory(),
                             client_namespace + "/" + scalarText(pod->at("metadata").at("name")));
  if (!explanation) return std::move(explanation).error();
  outcome.explanation = *std::move(explanation);
  return outcome;
}

}  // namespace sluice::test
