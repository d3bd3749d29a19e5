// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/topology.h"

#include <algorithm>
#include <initializer_list>

#include "userspace/balance/locality.h"

namespace sluice::routing {
namespace {

constexpr const char* kLocalityLabel = "istio-locality";
/// What istiod calls the cluster that it runs in, unless told otherwise.
constexpr const char* kClusterName = "Kubernetes";

/// The first of `names` that is there; empty otherwise.
std::string firstOf(const Labels& labels, std::initializer_list<const char*> names) {
  for (const auto* name : names)
    if (const auto at = labels.find(name); at != labels.end()) return at->second;
  return {};
}

std::string join(const std::string& region, const std::string& zone, const std::string& subzone) {
  auto text = region + "/" + zone + "/" + subzone;
  while (text.ends_with('/')) text.pop_back();
  return text;
}

/// A label's value holds no slash, so that dots stand for them there.
std::string localityLabel(const Labels& labels) {
  auto text = firstOf(labels, {kLocalityLabel});
  if (text.find('/') == std::string::npos) std::ranges::replace(text, '.', '/');
  return text;
}

void set(Labels& labels, const char* name, std::string_view value) {
  if (!value.empty()) labels[name] = value;
}

}  // namespace

std::string localityOf(const Labels& node_labels) {
  return join(firstOf(node_labels, {kRegionLabel, "failure-domain.beta.kubernetes.io/region"}),
              firstOf(node_labels, {kZoneLabel, "failure-domain.beta.kubernetes.io/zone"}),
              firstOf(node_labels, {kSubzoneLabel}));
}

std::string localityIn(const Labels& labels) {
  return join(firstOf(labels, {kRegionLabel}), firstOf(labels, {kZoneLabel}),
              firstOf(labels, {kSubzoneLabel}));
}

std::string localityOf(const Pod& pod, const Node* node) {
  auto own = localityLabel(pod.metadata.labels);
  return own.empty() && node ? localityOf(node->metadata.labels) : own;
}

std::string localityOf(const WorkloadEndpoint& endpoint) {
  auto locality = endpoint.locality.empty() ? localityLabel(endpoint.labels) : endpoint.locality;
  while (locality.ends_with('/')) locality.pop_back();
  return locality;
}

Labels placeLabels(const std::string& locality, const std::string& node,
                   const std::string& network) {
  const auto parts = balance::Locality::parse(locality);
  Labels labels;
  set(labels, kRegionLabel, parts.region);
  set(labels, kZoneLabel, parts.zone);
  set(labels, kSubzoneLabel, parts.subzone);
  set(labels, kClusterLabel, kClusterName);
  set(labels, kHostnameLabel, node);
  set(labels, kNetworkLabel, network);
  return labels;
}

EndpointOrigin originOf(const WorkloadEndpoint& endpoint, std::string name) {
  EndpointOrigin origin;
  origin.pod = std::move(name);
  origin.locality = localityOf(endpoint);
  origin.own = endpoint.labels;
  origin.place = placeLabels(origin.locality, "", endpoint.network);
  return origin;
}

}  // namespace sluice::routing
