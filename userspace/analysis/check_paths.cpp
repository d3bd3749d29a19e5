// SPDX-License-Identifier: Apache-2.0
// What routing knows of a rule's path: which rules need the proxy, and why.
#include <set>
#include <tuple>
#include <unordered_map>

#include "userspace/analysis/checks.h"

namespace sluice::analysis {
namespace {

using Subjects = std::unordered_map<std::string, Subject>;

template <typename List>
Subjects byKey(const List& resources) {
  Subjects subjects;
  for (const auto& resource : resources) {
    subjects.emplace(resource->metadata.key(), subjectOf(*resource));
  }
  return subjects;
}

/// Reports each reason once, whatever the number of ports, hosts and clients that it holds for.
class PathReasons {
 public:
  PathReasons(const Snapshot& snapshot, Report& report)
      : virtual_services_(byKey(snapshot.virtual_services)),
        destination_rules_(byKey(snapshot.destination_rules)),
        report_(report) {}

  void add(const routing::ServiceRoute& route) {
    for (const routing::Reason& reason : route.reasons) {
      const Subject* subject = subjectOf(route, reason);
      if (subject != nullptr) add(*subject, reason);
    }
  }

 private:
  /// The resource that the reason's field is of; null when it is of no rule.
  const Subject* subjectOf(const routing::ServiceRoute& route,
                           const routing::Reason& reason) const {
    const bool of_policy = reason.field.starts_with("spec.trafficPolicy") && route.plain;
    if (of_policy) return find(destination_rules_, route.plain->destination_rule);
    return find(virtual_services_, route.virtual_service);
  }
  static const Subject* find(const Subjects& subjects, const std::string& key) {
    const auto found = subjects.find(key);
    return found == subjects.end() ? nullptr : &found->second;
  }

  void add(const Subject& subject, const routing::Reason& reason) {
    const CodeInfo* info = findCode(reason.code);
    if (info == nullptr) return;
    if (!reported_.emplace(subject.metadata, reason.code, reason.field).second) return;
    report_.add({info->code.data(), subject, source::FieldPath(reason.field), reason.text});
  }

  const Subjects virtual_services_, destination_rules_;
  Report& report_;
  std::set<std::tuple<const Metadata*, std::string, std::string>> reported_;
};

}  // namespace

void checkPaths(const Mesh& mesh, Report& report) {
  PathReasons reasons(mesh.inForce(), report);
  for (const auto& [client_class, table] : mesh.routing().tables) {
    for (const auto& [key, route] : table.services) reasons.add(*route);
  }
}

}  // namespace sluice::analysis
