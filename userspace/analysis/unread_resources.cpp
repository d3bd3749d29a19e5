// SPDX-License-Identifier: Apache-2.0
#include "userspace/analysis/unread_resources.h"

#include <algorithm>
#include <variant>

#include "userspace/model/codes.h"
#include "userspace/source/codec.h"
#include "userspace/source/gateway_messages.h"
#include "userspace/source/messages.h"
#include "userspace/source/normalise.h"
#include "userspace/source/yaml.h"

namespace sluice::analysis {
namespace {

using source::YamlNode;

/// What is wrong has been said by others, or is not ours to say.
constexpr source::Dialect kLenient = {true, code::kUnknownField, code::kWrongType,
                                      code::kDuplicateKey, code::kInvalidValue};

template <typename T>
size_t decodeInto(T& resource, const YamlNode& node) {
  source::Findings findings("", nullptr);
  source::Decoder decoder(findings, kLenient);
  decoder.message(node, source::Location(), source::describe<T>(), &resource);
  return findings.errors();
}

template <typename T>
void addRefused(Snapshot::List<T>& list, const YamlNode& node, const Position& position) {
  T resource;
  decodeInto(resource, node);
  resource.metadata.position = position;
  source::normalise(resource);
  list.push_back(std::make_shared<const T>(std::move(resource)));
}

void addRefused(Snapshot& snapshot, const std::string& kind, const YamlNode& node,
                const Position& position) {
  if (kind == "VirtualService") addRefused(snapshot.virtual_services, node, position);
  if (kind == "DestinationRule") addRefused(snapshot.destination_rules, node, position);
  if (kind == "ServiceEntry") addRefused(snapshot.service_entries, node, position);
  if (kind == "WorkloadEntry") addRefused(snapshot.workload_entries, node, position);
  if (kind == "Sidecar") addRefused(snapshot.sidecars, node, position);
  if (kind == "Service") addRefused(snapshot.services, node, position);
  if (kind == "Pod") addRefused(snapshot.pods, node, position);
  if (kind == "Deployment") addRefused(snapshot.deployments, node, position);
}

bool isRefused(const source::ResourceStatus& status) {
  return status.state == source::ResourceStatus::State::kRejected &&
         std::ranges::count(status.diagnostics, code::kDefinedTwice, &Diagnostic::code) == 0;
}

std::string_view textOf(const YamlNode& node, std::string_view key) {
  const YamlNode* value = node.isMap() ? node.find(key) : nullptr;
  return value == nullptr ? std::string_view() : std::string_view(value->text);
}

template <typename T>
void addGateway(std::vector<T>& list, const YamlNode& node) {
  decodeInto(list.emplace_back(), node);
}

void addGateway(Input& input, const YamlNode& node) {
  const std::string_view api = textOf(node, "apiVersion");
  const std::string_view kind = textOf(node, "kind");
  if (kind == "Gateway" && api.starts_with("networking.istio.io/")) {
    addGateway(input.gateways, node);
  } else if (kind == "Gateway" && api.starts_with("gateway.networking.k8s.io/")) {
    addGateway(input.kubernetes_gateways, node);
  } else if (kind == "RequestAuthentication" && api.starts_with("security.istio.io/")) {
    addGateway(input.request_authentications, node);
  }
}

/// Parsing a file a second time is worth it only when it may have one.
bool mentionsGateways(const std::string& text) {
  return text.find("Gateway") != std::string::npos ||
         text.find("RequestAuthentication") != std::string::npos;
}

}  // namespace

std::shared_ptr<const Snapshot> readRefused(const std::vector<source::ResourceStatus>& statuses,
                                            FileTrees& trees) {
  std::vector<const source::ResourceStatus*> refused;
  for (const auto& status : statuses) {
    if (isRefused(status)) refused.push_back(&status);
  }
  std::ranges::stable_sort(refused, {}, [](const auto* status) { return status->position.file; });
  auto snapshot = std::make_shared<Snapshot>();
  for (const auto* status : refused) {
    const YamlNode* node = trees.resourceAt(status->position);
    if (node != nullptr) addRefused(*snapshot, status->kind, *node, status->position);
  }
  return snapshot;
}

void readGateways(const std::vector<source::SourceFile>& files, FileTrees& trees, Input& input) {
  for (const auto& file : files) {
    if (!mentionsGateways(file.text)) continue;
    for (const YamlNode* node : trees.resourcesOf(file.name)) addGateway(input, *node);
  }
}

Result<MeshConfig> readMeshConfig(const source::SourceFile& file) {
  if (file.unreadable) return *file.unreadable;
  const auto parsed = source::parseYaml(file.text);
  if (const auto* error = std::get_if<source::YamlError>(&parsed)) {
    return Error(Error::Code::kInvalid, "read " + file.name + ": " + error->message, error->hint);
  }
  MeshConfig config;
  for (const auto& document : std::get<source::Documents>(parsed)) {
    if (decodeInto(config, *document) == 0) continue;
    return Error(Error::Code::kInvalid, "read " + file.name + ": it is no MeshConfig",
                 "give the value of the key `mesh` of Istio's ConfigMap");
  }
  return config;
}

bool isMeshConfig(const source::SourceFile& file) {
  // Of nearly every file this is all that is asked.
  if (file.unreadable || file.text.find("apiVersion") != std::string::npos) return false;
  const auto parsed = source::parseYaml(file.text);
  const auto* documents = std::get_if<source::Documents>(&parsed);
  if (documents == nullptr || documents->size() != 1 || !documents->front()->isMap()) return false;
  return std::ranges::any_of(source::describe<MeshConfig>().fields, [&](const auto& field) {
    return documents->front()->find(field.name) != nullptr;
  });
}

}  // namespace sluice::analysis
