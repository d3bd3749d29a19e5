// SPDX-License-Identifier: Apache-2.0
#include "tests/cases/explain/call.h"

#include <array>
#include <string_view>

#include "tests/cases/runner/world.h"
#include "tests/cases/runner/yaml_json.h"
#include "tests/support/files.h"

namespace sluice::test {
namespace {

using nlohmann::json;

std::string textOf(const json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() ? std::string() : scalarText(*found);
}

void addOption(Arguments& call, const char* option, const std::string& value) {
  if (!value.empty()) call.insert(call.end(), {option, value});
}

void addHeaders(Arguments& call, const json& headers) {
  for (const auto& [name, value] : headers.items()) {
    const auto lines = value.is_array() ? value : json::array({value});
    for (const auto& line : lines) call.insert(call.end(), {"-H", name + ": " + scalarText(line)});
  }
}

/// Settings under their names in Istio's MeshConfig; a mode may stand there alone.
Result<void> addMesh(Arguments& call, const ExplainSetup& setup, json mesh) {
  const auto file = setup.scratch / "mesh.yaml";
  auto& mode = mesh["outboundTrafficPolicy"];
  if (mode.is_string()) mode = {{"mode", mode}};
  if (mode.is_null()) mesh.erase("outboundTrafficPolicy");
  const json agent = {{"apiVersion", "sluice.io/v1"},
                      {"kind", "Agent"},
                      {"metadata", {{"name", "agent"}}},
                      {"spec", {{"mesh", std::move(mesh)}}}};
  SLUICE_TRY(writeFile(file, agent.dump()));
  call.insert(call.end(), {"-f", file});
  return {};
}

}  // namespace

Result<Arguments> explainCall(const ExplainSetup& setup, const Case& test) {
  const auto registry = setup.cases / "registry.yaml";
  const auto rules = setup.cases / test.scenario / "config.yaml";
  const auto world = World::load(registry, rules);
  if (!world) return world.error();
  const auto& request = test.request;
  const auto client = textOf(request, "client");
  const auto* pod = world->pod(client);
  if (!pod) return Error(Error::Code::kNotFound, "no pod is called " + client);
  Arguments call{setup.sluicectl,
                 "explain",
                 "-o",
                 "json",
                 "--http-mode",
                 setup.http_mode,
                 "-f",
                 registry,
                 "-f",
                 rules,
                 "--from",
                 textOf(pod->at("metadata"), "namespace") + "/" + client,
                 "--to",
                 textOf(request, "to")};
  addOption(call, "--host", textOf(request, "host_header"));
  addOption(call, "--method", textOf(request, "method"));
  addOption(call, "--path", textOf(request, "path"));
  addOption(call, "--proto", textOf(request, "proto"));
  addOption(call, "--sni", textOf(request, "sni"));
  addHeaders(call, request.value("headers", json::object()));
  if (request.contains("mesh")) SLUICE_TRY(addMesh(call, setup, request.at("mesh")));
  return call;
}

std::string needsTraffic(const Case& test) {
  constexpr std::array<std::string_view, 5> kServers{"upstream_script", "upstream_by_endpoint",
                                                     "upstream_delay_ms",
                                                     "upstream_response_headers", "concurrency"};
  for (const auto key : kServers)
    if (test.request.contains(key)) return std::string(key);
  constexpr std::array<std::string_view, 5> kOverTime{"same-endpoint", "spread", "overflow",
                                                      "eject", "shares"};
  const auto action = textOf(test.expect, "action");
  for (const auto name : kOverTime)
    if (action == name) return "action " + action;
  return {};
}

}  // namespace sluice::test
