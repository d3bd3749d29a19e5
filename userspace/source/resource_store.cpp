// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/resource_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "userspace/source/codes.h"

namespace sluice::source {
namespace {

void put(Snapshot& snapshot, const std::shared_ptr<const VirtualService>& resource) {
  snapshot.virtual_services.push_back(resource);
}
void put(Snapshot& snapshot, const std::shared_ptr<const DestinationRule>& resource) {
  snapshot.destination_rules.push_back(resource);
}
void put(Snapshot& snapshot, const std::shared_ptr<const ServiceEntry>& resource) {
  snapshot.service_entries.push_back(resource);
}
void put(Snapshot& snapshot, const std::shared_ptr<const WorkloadEntry>& resource) {
  snapshot.workload_entries.push_back(resource);
}
void put(Snapshot& snapshot, const std::shared_ptr<const Sidecar>& resource) {
  snapshot.sidecars.push_back(resource);
}
void put(Snapshot& snapshot, const std::shared_ptr<const Endpoints>& resource) {
  snapshot.endpoints.push_back(resource);
}
void put(Snapshot& snapshot, const std::shared_ptr<const Node>& resource) {
  snapshot.nodes.push_back(resource);
}
void put(Snapshot& snapshot, const std::shared_ptr<const Deployment>& resource) {
  snapshot.deployments.push_back(resource);
}
void put(Snapshot& snapshot, const std::shared_ptr<const Service>& resource) {
  snapshot.services.push_back(resource);
}
void put(Snapshot& snapshot, const std::shared_ptr<const EndpointSlice>& resource) {
  snapshot.endpoint_slices.push_back(resource);
}
void put(Snapshot& snapshot, const std::shared_ptr<const Pod>& resource) {
  snapshot.pods.push_back(resource);
}
void put(Snapshot& snapshot, const std::shared_ptr<const Namespace>& resource) {
  snapshot.namespaces.push_back(resource);
}
void put(Snapshot& snapshot, const std::shared_ptr<const Workload>& resource) {
  snapshot.workloads.push_back(resource);
}
void put(Snapshot& snapshot, const std::shared_ptr<const AgentSettings>& resource) {
  snapshot.agent = *resource;
}

Diagnostic definedTwice(const Document& document, const Position& first) {
  return {code::kDefinedTwice,
          Diagnostic::Level::kError,
          document.id.text(),
          document.position,
          "",
          fmt::format("is defined at {} already; that one counts", first.text()),
          "remove one of them"};
}

/// Lists are in the order of the resources' keys.
void sortByKey(Snapshot& snapshot) {
  const auto sort = [](auto& list) {
    std::ranges::sort(list, {}, [](const auto& resource) { return resource->metadata.key(); });
  };
  sort(snapshot.virtual_services);
  sort(snapshot.destination_rules);
  sort(snapshot.service_entries);
  sort(snapshot.workload_entries);
  sort(snapshot.sidecars);
  sort(snapshot.services);
  sort(snapshot.endpoint_slices);
  sort(snapshot.endpoints);
  sort(snapshot.pods);
  sort(snapshot.nodes);
  sort(snapshot.deployments);
  sort(snapshot.namespaces);
  sort(snapshot.workloads);
}

void append(Diagnostics& to, const Diagnostics& from) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

const char* stateName(ResourceStatus::State state) {
  switch (state) {
    case ResourceStatus::State::kActive:
      return "active";
    case ResourceStatus::State::kRejected:
      return "rejected";
    case ResourceStatus::State::kLastGood:
      return "lastGood";
  }
  return "";
}

ResourceStore::ResourceStore() : snapshot_(std::make_shared<const Snapshot>()) {}

bool ResourceStore::update(std::vector<SourceFile> files) {
  decodeFiles(std::move(files));
  statuses_.clear();
  diagnostics_.clear();
  unreadable_files_.clear();
  Entries next = collect();
  std::ranges::sort(statuses_, {}, [](const ResourceStatus& status) {
    const Position& at = status.position;
    return std::tie(status.kind, status.namespace_, status.name, at.file, at.line, at.column);
  });
  return publish(std::move(next));
}

/// Decodes what has another text than last time, compared byte for byte.
void ResourceStore::decodeFiles(std::vector<SourceFile> files) {
  std::map<std::string, CachedFile> next;
  for (SourceFile& file : files) {
    const auto cached = files_.find(file.name);
    if (cached != files_.end() && cached->second.source == file) {
      next.emplace(file.name, std::move(cached->second));
    } else {
      DecodedFile decoded = decodeFile(file);
      const std::string name = file.name;
      next.emplace(name, CachedFile{std::move(file), std::move(decoded)});
    }
  }
  files_ = std::move(next);
}

ResourceStore::Entries ResourceStore::collect() {
  Claims claims;
  Entries next;
  for (const auto& [name, file] : files_) {
    append(diagnostics_, file.decoded.diagnostics);
    if (!file.decoded.readable) unreadable_files_.push_back(name);
    for (const Document& document : file.decoded.documents) claim(document, claims, next);
  }
  keepLost(next);
  return next;
}

void ResourceStore::claim(const Document& document, Claims& claims, Entries& next) {
  append(diagnostics_, document.diagnostics);
  const auto [first, is_first] = claims.try_emplace(document.claim, document.position);
  if (is_first && heldByUnclearFile(document)) {
    first->second = {entries_.at(document.claim).file, 0, 0};
  } else if (is_first) {
    return accept(document, next);
  }
  const Diagnostic finding = definedTwice(document, first->second);
  diagnostics_.push_back(finding);
  Diagnostics findings = document.diagnostics;
  findings.push_back(finding);
  addStatus(document.id, document.position, ResourceStatus::State::kRejected, std::move(findings));
}

/// Whether a file before this one gave the resource, and may still have it.
bool ResourceStore::heldByUnclearFile(const Document& document) const {
  const auto before = entries_.find(document.claim);
  if (before == entries_.end() || before->second.file >= document.position.file) return false;
  const auto file = files_.find(before->second.file);
  return file != files_.end() && !file->second.decoded.complete;
}

void ResourceStore::accept(const Document& document, Entries& next) {
  using State = ResourceStatus::State;
  const auto before = entries_.find(document.claim);
  if (document.resource) {
    const bool same =
        before != entries_.end() && sameContent(before->second.resource, *document.resource);
    next[document.claim] = {document.id, same ? before->second.resource : *document.resource,
                            document.position.file};
    return addStatus(document.id, document.position, State::kActive, document.diagnostics);
  }
  if (before == entries_.end()) {
    return addStatus(document.id, document.position, State::kRejected, document.diagnostics);
  }
  next[document.claim] = before->second;
  next[document.claim].file = document.position.file;
  addStatus(document.id, document.position, State::kLastGood, document.diagnostics);
}

/// Resources that an unclear file may still have.
void ResourceStore::keepLost(Entries& next) {
  for (const auto& [claim, entry] : entries_) {
    const auto file = files_.find(entry.file);
    if (next.contains(claim) || file == files_.end() || file->second.decoded.complete) continue;
    next.emplace(claim, entry);
    addStatus(entry.id, {entry.file, 0, 0}, ResourceStatus::State::kLastGood,
              file->second.decoded.diagnostics);
  }
}

void ResourceStore::addStatus(const ResourceId& id, const Position& position,
                              ResourceStatus::State state, Diagnostics diagnostics) {
  statuses_.push_back({id.kind, id.namespace_, id.name, position, state, std::move(diagnostics)});
}

bool ResourceStore::publish(Entries next) {
  const bool same = std::ranges::equal(next, entries_, [](const auto& a, const auto& b) {
    return a.first == b.first && a.second.resource == b.second.resource;
  });
  entries_ = std::move(next);
  if (same) return false;
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->revision = snapshot_->revision + 1;
  for (const auto& [claim, entry] : entries_) {
    std::visit([&](const auto& resource) { put(*snapshot, resource); }, entry.resource);
  }
  sortByKey(*snapshot);
  snapshot_ = std::move(snapshot);
  return true;
}

}  // namespace sluice::source
