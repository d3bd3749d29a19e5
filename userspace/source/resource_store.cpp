// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/resource_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <functional>
#include <string_view>
#include <tuple>
#include <utility>

#include "userspace/source/codes.h"
#include "userspace/source/kinds.h"
#include "userspace/source/snapshot_lists.h"

namespace sluice::source {
namespace {

Diagnostic definedTwice(const Document& document, const Position& first) {
  return {code::kDefinedTwice,
          Diagnostic::Level::kError,
          document.id().text(),
          document.position(),
          "",
          fmt::format("is defined at {} already; that one counts", first.text()),
          "remove one of them"};
}

void append(Diagnostics& to, const Diagnostics& from) {
  to.insert(to.end(), from.begin(), from.end());
}

template <typename T>
std::string_view kindNameOf() {
  return kindOf(std::shared_ptr<const T>()).name;
}

template <typename T>
const std::shared_ptr<const T>& as(const Resource& resource) {
  return std::get<std::shared_ptr<const T>>(resource);
}

/// Whether to change a list in some places costs less than to make it anew.
bool areFew(size_t changed, size_t all) { return changed <= all / 16; }

template <typename Set, typename Key>
void keepIf(Set& set, const Key& key, bool keep) {
  if (keep) {
    set.insert(key);
  } else {
    set.erase(key);
  }
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

bool ResourceStore::ByKey::operator()(const ResourceId& a, const ResourceId& b) const {
  if (a.namespace_ == b.namespace_) return a.name < b.name;
  // "a-b/x" is before "a/x": a dash is less than the slash that ends a namespace.
  const std::string_view x = a.namespace_;
  const std::string_view y = b.namespace_;
  const size_t same = static_cast<size_t>(std::ranges::mismatch(x, y).in1 - x.begin());
  const char end_x = same < x.size() ? x[same] : '/';
  const char end_y = same < y.size() ? y[same] : '/';
  if (end_x != end_y) return static_cast<uint8_t>(end_x) < static_cast<uint8_t>(end_y);
  return a.namespace_ + '/' + a.name < b.namespace_ + '/' + b.name;
}

bool ResourceStore::update(const std::vector<SourceFile>& files) {
  Ids touched;
  dropAbsent(files, touched);
  for (const SourceFile& file : files) takeFile(file, touched);
  Changed changed;
  for (const ResourceId& id : touched) {
    if (decide(id)) changed[id.kind].insert(id);
  }
  if (changed.empty()) return false;
  publish(changed);
  return true;
}

void ResourceStore::dropAbsent(const std::vector<SourceFile>& present, Ids& touched) {
  std::set<std::string_view> names;
  for (const SourceFile& file : present) names.insert(file.name);
  for (auto file = files_.begin(); file != files_.end();) {
    if (names.contains(file->first)) {
      ++file;
    } else {
      Ids named;
      dropClaimants(&*file, named);
      forgetFile(&*file, named);
      touched.merge(named);
      file = files_.erase(file);
    }
  }
}

ResourceStore::Fingerprint::Fingerprint(const SourceFile& file)
    : size(file.text.size()),
      hash(std::hash<std::string_view>()(file.text)),
      unreadable(file.unreadable.has_value()) {}

/// Decodes what has another text than last time.
void ResourceStore::takeFile(const SourceFile& file, Ids& touched) {
  if (file.unchanged) {
    assert(files_.contains(file.name));
    return;
  }
  const auto known = files_.try_emplace(file.name).first;
  CachedFile& cached = known->second;
  const Fingerprint fingerprint(file);
  if (cached.fingerprint == fingerprint) return;
  dropClaimants(&*known, touched);
  cached.decoded = decodeFile(file, labels_);
  cached.fingerprint = fingerprint;
  addClaimants(&*known, touched);
}

void ResourceStore::addClaimants(FilePointer file, Ids& touched) {
  const auto& documents = file->second.decoded.documents;
  for (size_t index = 0; index < documents.size(); ++index) {
    const ResourceId id = documents[index].claim();
    auto& claimants = claims_[id.kind][id].claimants;
    // Behind those of the files before this one, and of its documents before this one.
    const auto name_of = [](const Claimant& claimant) { return claimant.file->first; };
    const auto after = std::ranges::upper_bound(claimants, file->first, {}, name_of);
    claimants.insert(after, {file, index});
    touched.insert(id);
  }
}

void ResourceStore::dropClaimants(FilePointer file, Ids& touched) {
  for (const Document& document : file->second.decoded.documents) {
    const ResourceId id = document.claim();
    Claim& claim = claims_[id.kind][id];
    std::erase_if(claim.claimants, [&](const Claimant& other) { return other.file == file; });
    touched.insert(id);
  }
  // What the file gave before and does not name any more, it may still have or not.
  for (const ResourceId& id : lost_) {
    if (claims_[id.kind][id].file == file) touched.insert(id);
  }
}

/// Before the file goes, which is all that these resources could still be in.
void ResourceStore::forgetFile(FilePointer file, const Ids& touched) {
  for (const ResourceId& id : touched) {
    Claim& claim = claims_[id.kind][id];
    if (claim.file == file) claim.file = nullptr;
  }
}

bool ResourceStore::decide(const ResourceId& id) {
  Claims& claims = claims_[id.kind];
  const auto found = claims.find(id);
  Claim& claim = found->second;
  const std::optional<Resource> before = claim.resource;
  const bool held = isHeld(claim);
  if (!held && !claim.claimants.empty()) {
    accept(claim);
  } else if (!mayStillHave(claim.file)) {
    claim.resource.reset();
    claim.file = nullptr;
  }
  keepIf(contested_, id, held || claim.claimants.size() > 1);
  keepIf(lost_, id, claim.resource && (held || claim.claimants.empty()));
  const bool changed = claim.resource != before;
  if (claim.claimants.empty() && !claim.resource) claims.erase(found);
  return changed;
}

/// What the first document says counts, or what was good before it.
void ResourceStore::accept(Claim& claim) {
  const Claimant& first = claim.claimants.front();
  const auto& resource = documentOf(first).resource();
  const bool same = resource && claim.resource && sameContent(*claim.resource, *resource);
  if (resource && !same) claim.resource = resource;
  claim.file = claim.resource ? first.file : nullptr;
}

/// Something in the file could not be told apart, and may be any resource.
bool ResourceStore::mayStillHave(FilePointer file) {
  return file != nullptr && !file->second.decoded.complete;
}

/// Whether a file before the first document gave the resource, and may still have it.
bool ResourceStore::isHeld(const Claim& claim) {
  if (!claim.resource || claim.claimants.empty() || !mayStillHave(claim.file)) return false;
  return claim.file->first < claim.claimants.front().file->first;
}

void ResourceStore::publish(const Changed& changed) {
  auto snapshot = std::make_shared<Snapshot>(*snapshot_);
  ++snapshot->revision;
  for (const auto& [kind, ids] : changed) {
    const Claims& claims = claims_[kind];
    if (kind == kindNameOf<AgentSettings>()) snapshot->agent = agentSettingsOf(claims);
    forEachList(*snapshot, [&]<typename T>(SharedVector<std::shared_ptr<const T>>& list) {
      if (kind != kindNameOf<T>()) return;
      if (areFew(ids.size(), list.size()))
        change(list, claims, ids);
      else
        makeAnew(list, claims);
    });
  }
  snapshot_ = std::move(snapshot);
}

/// The default where there are none.
AgentSettings ResourceStore::agentSettingsOf(const Claims& claims) {
  for (const auto& [id, claim] : claims)
    if (claim.resource) return *as<AgentSettings>(*claim.resource);
  return {};
}

template <typename T>
void ResourceStore::makeAnew(Snapshot::List<T>& list, const Claims& claims) {
  list.clear();
  for (const auto& [id, claim] : claims)
    if (claim.resource) list.push_back(as<T>(*claim.resource));
}

/// Only the resources of `ids` are others in the list than in the claims.
template <typename T>
void ResourceStore::change(Snapshot::List<T>& list, const Claims& claims, const KeyedIds& ids) {
  std::vector<std::shared_ptr<const T>> items;
  items.reserve(list.size() + ids.size());
  auto rest = list.begin();
  for (const ResourceId& id : ids) {
    auto at = std::lower_bound(rest, list.end(), id, [](const auto& item, const ResourceId& other) {
      return ByKey()(idOf(item), other);
    });
    items.insert(items.end(), rest, at);
    if (at != list.end() && idOf(*at) == id) ++at;
    rest = at;
    const auto claim = claims.find(id);
    if (claim != claims.end() && claim->second.resource)
      items.push_back(as<T>(*claim->second.resource));
  }
  items.insert(items.end(), rest, list.end());
  list = Snapshot::List<T>(std::move(items));
}

const Document& ResourceStore::documentOf(const Claimant& claimant) {
  return claimant.file->second.decoded.documents[claimant.index];
}

/// Of a document: its own, and that another one counts instead of it.
Diagnostics ResourceStore::findingsOf(const Claim& claim, const Claimant& claimant) {
  const Document& document = documentOf(claimant);
  const Claimant& first = claim.claimants.front();
  const bool held = isHeld(claim);
  Diagnostics findings = document.diagnostics();
  if (held || claimant.file != first.file || claimant.index != first.index) {
    const Position counts = held ? Position{claim.file->first, 0, 0} : documentOf(first).position();
    findings.push_back(definedTwice(document, counts));
  }
  return findings;
}

/// Calls visit(claim, claimant, state) for each status of the resource; without a claimant it is in
/// no document.
template <typename Visit>
void ResourceStore::visitStates(const Claim& claim, const Visit& visit) {
  using State = ResourceStatus::State;
  const bool held = isHeld(claim);
  for (const Claimant& claimant : claim.claimants) {
    const bool counts = !held && &claimant == &claim.claimants.front();
    State state = State::kRejected;
    if (counts && claim.resource)
      state = documentOf(claimant).resource() ? State::kActive : State::kLastGood;
    visit(claim, &claimant, state);
  }
  if (claim.resource && (held || claim.claimants.empty())) visit(claim, nullptr, State::kLastGood);
}

/// Of all resources.
template <typename Visit>
void ResourceStore::visitStates(const Visit& visit) const {
  for (const auto& [kind, claims] : claims_)
    for (const auto& [id, claim] : claims) visitStates(claim, visit);
}

/// Those of which wanted(state, findings) is true, in the order of their ids.
template <typename Wanted>
std::vector<ResourceStatus> ResourceStore::statusesThat(const Wanted& wanted) const {
  std::vector<ResourceStatus> statuses;
  const auto add = [&](const ResourceId& id, const Position& position, ResourceStatus::State state,
                       Diagnostics findings) {
    if (wanted(state, findings))
      statuses.push_back({id.kind, id.namespace_, id.name, position, state, std::move(findings)});
  };
  const auto visit = [&](const Claim& claim, const Claimant* claimant,
                         ResourceStatus::State state) {
    if (claimant == nullptr)
      return add(idOf(*claim.resource), {claim.file->first, 0, 0}, state,
                 claim.file->second.decoded.diagnostics);
    const Document& document = documentOf(*claimant);
    add(document.id(), document.position(), state, findingsOf(claim, *claimant));
  };
  visitStates(visit);
  std::ranges::sort(statuses, {}, [](const ResourceStatus& status) {
    const Position& at = status.position;
    return std::tie(status.kind, status.namespace_, status.name, at.file, at.line, at.column);
  });
  return statuses;
}

std::vector<ResourceStatus> ResourceStore::statuses() const {
  return statusesThat([](ResourceStatus::State, const Diagnostics&) { return true; });
}

std::vector<ResourceStatus> ResourceStore::notable() const {
  return statusesThat([](ResourceStatus::State state, const Diagnostics& findings) {
    return state != ResourceStatus::State::kActive || !findings.empty();
  });
}

ResourceStore::Counts ResourceStore::counts() const {
  Counts counts;
  visitStates([&](const Claim&, const Claimant*, ResourceStatus::State state) {
    ++counts.all;
    if (state != ResourceStatus::State::kActive) ++counts.not_active;
  });
  return counts;
}

Diagnostics ResourceStore::diagnostics() const {
  Diagnostics all;
  for (const auto& file : files_) {
    append(all, file.second.decoded.diagnostics);
    const auto& documents = file.second.decoded.documents;
    for (size_t index = 0; index < documents.size(); ++index) {
      if (contested_.empty() || !contested_.contains(documents[index].claim())) {
        append(all, documents[index].diagnostics());
      } else {
        const ResourceId id = documents[index].claim();
        append(all, findingsOf(claims_.at(id.kind).at(id), {&file, index}));
      }
    }
  }
  return all;
}

std::vector<std::string> ResourceStore::unreadableFiles() const {
  std::vector<std::string> names;
  for (const auto& [name, file] : files_) {
    if (!file.decoded.readable) names.push_back(name);
  }
  return names;
}

}  // namespace sluice::source
