// SPDX-License-Identifier: Apache-2.0
// Istio: deployment.MultiServiceAnalyzer.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "userspace/analysis/checks.h"
#include "userspace/analysis/list_text.h"

namespace sluice::analysis {
namespace {

constexpr const char* kInject = "sidecar.istio.io/inject";

std::optional<bool> injection(const Labels& labels) {
  const auto found = labels.find(kInject);
  if (found == labels.end()) return std::nullopt;
  return found->second == "true";
}

/// A proxy that Istio deploys for itself.
bool isWaypoint(const Deployment& deployment) {
  const auto found = deployment.metadata.labels.find("gateway.istio.io/managed");
  return found != deployment.metadata.labels.end() && found->second == "istio.io-mesh-controller";
}

/// Istio: DeploymentInMesh.
bool isInMesh(const Deployment& deployment, const Mesh& mesh) {
  if (std::ranges::count(deployment.containers, "istio-proxy", &Container::name) > 0) return true;
  if (const auto label = injection(deployment.pod_labels)) return *label;
  if (const auto annotation = injection(deployment.pod_annotations)) return *annotation;
  const Namespace* in = mesh.findNamespace(deployment.metadata.namespace_);
  if (in == nullptr) return false;
  const auto label = in->metadata.labels.find("istio-injection");
  return label != in->metadata.labels.end() && label->second == "enabled";
}

/// Finds Services by the labels of a pod: each stands under the first label that it selects by.
class Selectors {
 public:
  explicit Selectors(const std::vector<const Service*>& services) {
    for (const Service* service : services) {
      if (service->selector.empty()) continue;
      const auto& [key, value] = *service->selector.begin();
      by_label_[keyOf(service->metadata.namespace_, key, value)].push_back(service);
    }
  }

  std::vector<const Service*> selecting(const Deployment& deployment) const {
    std::vector<const Service*> found;
    for (const auto& [key, value] : deployment.pod_labels) {
      const auto services = by_label_.find(keyOf(deployment.metadata.namespace_, key, value));
      if (services == by_label_.end()) continue;
      for (const Service* service : services->second) {
        if (std::ranges::includes(deployment.pod_labels, service->selector)) {
          found.push_back(service);
        }
      }
    }
    return found;
  }

 private:
  static std::string keyOf(const std::string& in, const std::string& key,
                           const std::string& value) {
    return in + "/" + key + "=" + value;
  }
  std::unordered_map<std::string, std::vector<const Service*>> by_label_;
};

using Names = std::set<std::string>;

void checkProtocols(const Deployment& deployment, const std::vector<const Service*>& services,
                    Report& report) {
  std::map<uint16_t, std::map<std::string, Names>> by_port;
  for (const Service* service : services) {
    for (const ServicePort& port : service->ports) {
      by_port[port.port][port.protocol].insert(service->metadata.name);
    }
  }
  for (const auto& [port, protocols] : by_port) {
    if (protocols.size() < 2) continue;
    Names names;
    for (const auto& [protocol, services_of_it] : protocols)
      names.insert(services_of_it.begin(), services_of_it.end());
    report.add({code::kIstioProtocolConflict,
                subjectOf(deployment),
                {},
                fmt::format("its Services {} use port {} with different protocols", listText(names),
                            port)});
  }
}

void checkTargetPorts(const Deployment& deployment, const std::vector<const Service*>& services,
                      Report& report) {
  std::map<std::string, std::map<uint16_t, std::string>> by_target;
  for (const Service* service : services) {
    for (const ServicePort& port : service->ports) {
      const bool same = port.target_port.empty() || port.target_port == "0";
      const std::string target = same ? std::to_string(port.port) : port.target_port;
      by_target[target][port.port] = service->metadata.name;
    }
  }
  for (const auto& [target, ports] : by_target) {
    if (ports.size() < 2) continue;
    std::vector<std::string> uses;
    for (const auto& [port, service] : ports) uses.push_back(fmt::format("{}:{}", service, port));
    report.add({code::kIstioTargetPortConflict,
                subjectOf(deployment),
                {},
                fmt::format("its target port {} is reached through different ports: {}", target,
                            listText(uses))});
  }
}

}  // namespace

void checkWorkloadServices(const Mesh& mesh, Report& report) {
  const Selectors selectors(mesh.services());
  for (const Deployment* deployment : mesh.deployments()) {
    if (isWaypoint(*deployment) || !isInMesh(*deployment, mesh)) continue;
    const auto services = selectors.selecting(*deployment);
    checkProtocols(*deployment, services, report);
    checkTargetPorts(*deployment, services, report);
  }
}

}  // namespace sluice::analysis
