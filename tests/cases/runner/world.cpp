// SPDX-License-Identifier: Apache-2.0
#include "tests/cases/runner/world.h"

#include <algorithm>

#include "tests/cases/runner/yaml_json.h"

namespace sluice::test {
namespace {

using nlohmann::json;

constexpr const char* kServiceSuffix = ".svc.cluster.local";
constexpr const char* kServiceLabel = "kubernetes.io/service-name";
const json kNothing;

bool isKind(const json& document, std::string_view kind) {
  return document.value("kind", "") == kind;
}

const json& at(const json& map, const char* key) {
  if (!map.is_object()) return kNothing;
  const auto found = map.find(key);
  return found == map.end() ? kNothing : *found;
}

std::string textAt(const json& map, const char* key) { return scalarText(at(map, key)); }
uint16_t portAt(const json& map, const char* key) {
  const auto& port = at(map, key);
  return port.is_number_integer() ? port.get<uint16_t>() : uint16_t{0};
}
std::string nameOf(const json& document) { return textAt(at(document, "metadata"), "name"); }
std::string namespaceOf(const json& document) {
  const auto name = textAt(at(document, "metadata"), "namespace");
  return name.empty() ? "default" : name;
}

std::string serviceHost(const json& service) {
  return nameOf(service) + "." + namespaceOf(service) + kServiceSuffix;
}

Labels labelsAt(const json& map, const char* key) {
  Labels labels;
  for (const auto& [name, value] : at(map, key).items()) labels[name] = scalarText(value);
  return labels;
}

bool has(const Labels& labels, const Labels& selector) {
  return std::ranges::all_of(selector, [&](const auto& wanted) {
    const auto found = labels.find(wanted.first);
    return found != labels.end() && found->second == wanted.second;
  });
}

/// Kubernetes: absent means ready.
bool isReady(const json& endpoint) {
  const auto& ready = at(at(endpoint, "conditions"), "ready");
  return !ready.is_boolean() || ready.get<bool>();
}

bool covers(const std::string& pattern, const std::string& host) {
  if (!pattern.starts_with("*")) return pattern == host;
  return host.size() >= pattern.size() && host.ends_with(pattern.substr(1));
}

std::chrono::milliseconds durationOf(const std::string& text) {
  const double number = std::strtod(text.c_str(), nullptr);
  const bool in_milliseconds = text.ends_with("ms");
  return std::chrono::milliseconds(static_cast<int64_t>(number * (in_milliseconds ? 1 : 1000)));
}

}  // namespace

std::string fullName(const std::string& host, const std::string& rule_namespace) {
  const bool is_short = host.find_first_of(".*:") == std::string::npos;
  return is_short ? host + "." + rule_namespace + kServiceSuffix : host;
}

Result<World> World::load(const std::filesystem::path& registry,
                          const std::filesystem::path& rules) {
  World world;
  for (const auto& file : {registry, rules}) {
    auto documents = readYaml(file);
    if (!documents) return std::move(documents).error();
    std::ranges::move(*documents, std::back_inserter(world.documents_));
  }
  world.readServices();
  world.readEntries();
  return world;
}

Labels World::nodeLabels(const std::string& node) const {
  for (const auto& document : documents_)
    if (isKind(document, "Node") && nameOf(document) == node)
      return labelsAt(at(document, "metadata"), "labels");
  return {};
}

Labels World::podLabels(const json& pod) const {
  auto labels = labelsAt(at(pod, "metadata"), "labels");
  labels.merge(nodeLabels(textAt(at(pod, "spec"), "nodeName")));
  return labels;
}

Labels World::labelsOf(const json& slice_endpoint) const {
  const auto* pod = this->pod(textAt(at(slice_endpoint, "targetRef"), "name"));
  if (pod != nullptr) return podLabels(*pod);
  return nodeLabels(textAt(slice_endpoint, "nodeName"));
}

void World::readServices() {
  for (const auto& service : documents_) {
    if (!isKind(service, "Service")) continue;
    for (const auto& slice : documents_)
      if (isKind(slice, "EndpointSlice") && namespaceOf(slice) == namespaceOf(service) &&
          labelsAt(at(slice, "metadata"), "labels")[kServiceLabel] == nameOf(service))
        addSlice(service, slice);
  }
}

void World::addSlice(const json& service, const json& slice) {
  for (const auto& port : at(at(service, "spec"), "ports"))
    for (const auto& slice_port : at(slice, "ports")) {
      if (textAt(port, "name") != textAt(slice_port, "name")) continue;
      for (const auto& endpoint : at(slice, "endpoints")) {
        auto ip = IpAddress::parse(scalarText(endpoint.at("addresses").at(0)));
        if (!ip || !isReady(endpoint)) continue;
        backends_.push_back({serviceHost(service),
                             portAt(port, "port"),
                             {*ip, portAt(slice_port, "port")},
                             labelsOf(endpoint)});
      }
    }
}

void World::readEntries() {
  for (const auto& entry : documents_)
    if (isKind(entry, "ServiceEntry"))
      for (const auto& port : at(at(entry, "spec"), "ports")) addEntryPort(entry, port);
}

/// As endpoints of a ServiceEntry are written: `address`, `ports`, `labels`.
std::vector<json> World::entryEndpoints(const json& entry) const {
  const auto& spec = at(entry, "spec");
  std::vector<json> endpoints;
  for (const auto& endpoint : at(spec, "endpoints")) endpoints.push_back(endpoint);
  if (at(spec, "workloadSelector").is_null()) return endpoints;
  const auto selector = labelsAt(at(spec, "workloadSelector"), "labels");
  for (const auto& document : documents_) {
    if (namespaceOf(document) != namespaceOf(entry)) continue;
    if (isKind(document, "Pod") && has(labelsAt(at(document, "metadata"), "labels"), selector))
      endpoints.push_back({{"address", at(at(document, "status"), "podIP")},
                           {"labels", at(at(document, "metadata"), "labels")}});
    if (isKind(document, "WorkloadEntry") &&
        has(labelsAt(at(document, "spec"), "labels"), selector))
      endpoints.push_back(at(document, "spec"));
  }
  return endpoints;
}

/// Istio: the endpoint's port of that name, else the port's targetPort, else its number.
void World::addEntryPort(const json& entry, const json& port) {
  for (const auto& endpoint : entryEndpoints(entry)) {
    auto ip = IpAddress::parse(textAt(endpoint, "address"));
    if (!ip) continue;
    uint16_t number = portAt(at(endpoint, "ports"), textAt(port, "name").c_str());
    if (number == 0) number = portAt(port, "targetPort");
    if (number == 0) number = portAt(port, "number");
    for (const auto& host : at(at(entry, "spec"), "hosts"))
      backends_.push_back(
          {scalarText(host), portAt(port, "number"), {*ip, number}, labelsAt(endpoint, "labels")});
  }
}

const json* World::pod(const std::string& name) const {
  const auto found = std::ranges::find_if(documents_, [&](const auto& document) {
    return isKind(document, "Pod") && nameOf(document) == name;
  });
  return found == documents_.end() ? nullptr : &*found;
}

/// Kubernetes' cluster IP, or a ServiceEntry's first address.
std::optional<std::string> World::addressOfName(const std::string& name) const {
  for (const auto& document : documents_) {
    const auto& spec = at(document, "spec");
    if (isKind(document, "Service") && serviceHost(document) == name) {
      auto ip = textAt(spec, "clusterIP");
      if (ip != "None") return ip;
      const auto backends = backendsOf(name);
      if (!backends.empty()) return backends.begin()->ip.text();
    }
    if (isKind(document, "ServiceEntry") && !at(spec, "addresses").empty())
      for (const auto& host : at(spec, "hosts"))
        if (scalarText(host) == name) return scalarText(at(spec, "addresses").front());
  }
  return {};
}

Result<SocketAddress> World::resolve(const std::string& to,
                                     const std::string& client_namespace) const {
  const size_t colon = to.rfind(':');
  if (colon == std::string::npos) return Error(Error::Code::kInvalid, "no port in " + to);
  const auto host = to.substr(0, colon);
  const auto port = static_cast<uint16_t>(std::atoi(to.c_str() + colon + 1));
  if (auto ip = IpAddress::parse(host); ip.ok()) return SocketAddress{*ip, port};
  // As a pod's resolv.conf has it: search lists first, then the name itself.
  for (const auto& suffix : {"." + client_namespace + kServiceSuffix, std::string(kServiceSuffix),
                             std::string(".cluster.local"), std::string()}) {
    const auto address = addressOfName(host + suffix);
    if (!address) continue;
    auto ip = IpAddress::parse(*address);
    if (!ip) return std::move(ip).error();
    return SocketAddress{*ip, port};
  }
  return Error(Error::Code::kNotFound, "nothing in the registry is called " + host);
}

Addresses World::subset(const std::string& name, const std::string& host) const {
  Addresses found;
  for (const auto& rule : documents_) {
    if (!isKind(rule, "DestinationRule")) continue;
    const auto pattern = fullName(textAt(at(rule, "spec"), "host"), namespaceOf(rule));
    if (!host.empty() && !covers(pattern, host)) continue;
    for (const auto& subset : at(at(rule, "spec"), "subsets"))
      if (textAt(subset, "name") == name)
        for (const auto& backend : backends_)
          if (covers(pattern, backend.host) && has(backend.labels, labelsAt(subset, "labels")))
            found.insert(backend.address);
  }
  return found;
}

Addresses World::subset(const std::string& name) const { return subset(name, ""); }

Addresses World::backendsOf(const std::string& host, uint16_t port,
                            const std::string& subset) const {
  const auto members = subset.empty() ? Addresses{} : this->subset(subset, host);
  Addresses found;
  for (const auto& backend : backends_)
    if (backend.host == host && backend.port == port &&
        (subset.empty() || members.contains(backend.address)))
      found.insert(backend.address);
  return found;
}

Addresses World::backendsOf(const std::string& host) const {
  Addresses found;
  for (const auto& backend : backends_)
    if (backend.host == host) found.insert(backend.address);
  return found;
}

std::optional<std::chrono::milliseconds> World::faultDelay() const {
  std::optional<std::chrono::milliseconds> shortest;
  for (const auto& document : documents_)
    for (const auto& route : at(at(document, "spec"), "http")) {
      const auto& delay = at(at(route, "fault"), "delay");
      if (delay.is_null()) continue;
      const auto fixed = durationOf(textAt(delay, "fixedDelay"));
      shortest = shortest ? std::min(*shortest, fixed) : fixed;
    }
  return shortest;
}

}  // namespace sluice::test
