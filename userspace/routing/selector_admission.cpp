// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/selector_admission.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "userspace/model/codes.h"
#include "userspace/routing/age.h"
#include "userspace/routing/label_index.h"

namespace sluice::routing {
namespace {

using EntryRef = std::shared_ptr<const ServiceEntry>;

bool selects(const EntryRef& entry) { return entry->workload_selector.has_value(); }

/// Counts what selectors select in their namespaces.
class Selections {
 public:
  /// All entries whose selections will be asked for.
  void expect(const ServiceEntry& entry) {
    indices_[entry.metadata.namespace_].expect(entry.workload_selector->labels);
  }

  void addWorkloads(const Snapshot& snapshot) {
    for (const auto& pod : snapshot.pods)
      for (size_t i = 0; i < pod->pod_ips.size(); ++i) add(pod->metadata, pod->metadata.labels);
    for (const auto& entry : snapshot.workload_entries)
      add(entry->metadata, entry->endpoint.labels);
  }

  /// For all hosts and ports.
  uint64_t endpointsOf(const ServiceEntry& entry) {
    const auto& selector = entry.workload_selector->labels;
    const auto [at, is_new] = counts_.try_emplace({entry.metadata.namespace_, selector});
    if (is_new) at->second = indices_.at(entry.metadata.namespace_).matching(selector).size();
    return at->second * entry.hosts.size() * entry.ports.size();
  }

 private:
  void add(const Metadata& metadata, const Labels& labels) {
    if (const auto at = indices_.find(metadata.namespace_); at != indices_.end())
      at->second.add(labels);
  }

  std::map<std::string, LabelIndex> indices_;  ///< by namespace
  std::map<std::pair<std::string, Labels>, uint64_t> counts_;
};

}  // namespace

/// Goes through the entries and admits what fits.
class SelectorAdmission::Choice {
 public:
  Choice(SelectorAdmission& admission, const Snapshot& next) : admission_(admission) {
    for (const auto& entry : admission.entries_) last_.emplace(entry->metadata.key(), entry);
    for (const auto& [key, entry] : admission.refused_) last_[key] = entry;
    for (const auto& entry : next.service_entries)
      if (selects(entry)) add(entry);
    selections_.addWorkloads(next);
  }

  void make() {
    uint64_t all = 0;
    for (auto& wish : wishes_) {
      wish.endpoints = selections_.endpointsOf(*wish.entry);
      all += wish.endpoints;
    }
    admission_.refused_.clear();
    admission_.held_.clear();
    if (all <= admission_.limit_) return;
    std::ranges::sort(wishes_, comesFirst);
    for (const auto& wish : wishes_)
      if (!admit(wish.endpoints)) refuse(wish, all);
  }

 private:
  struct Wish {
    EntryRef entry;
    EntryRef last;  ///< what was admitted instead until now; null: nothing, or the very same
    bool is_known;
    uint64_t endpoints = 0;
  };

  static bool comesFirst(const Wish& a, const Wish& b) {
    if (a.is_known != b.is_known) return a.is_known;
    if (a.endpoints != b.endpoints) return a.endpoints < b.endpoints;
    return isOlder(a.entry->metadata, b.entry->metadata);
  }

  void add(const EntryRef& entry) {
    const auto found = last_.find(entry->metadata.key());
    const auto last = found == last_.end() ? nullptr : found->second;
    wishes_.push_back({entry, last == entry ? nullptr : last, last == entry});
    selections_.expect(*entry);
    if (last && selects(last)) selections_.expect(*last);
  }

  bool admit(uint64_t endpoints) {
    if (endpoints > admission_.limit_ - admitted_) return false;
    admitted_ += endpoints;
    return true;
  }

  void refuse(const Wish& wish, uint64_t all) {
    auto last = wish.last;
    if (last && selects(last) && !admit(selections_.endpointsOf(*last))) last = nullptr;
    const auto key = wish.entry->metadata.key();
    admission_.held_.push_back(
        {"ServiceEntry/" + key,
         fmt::format("its selector gives its hosts and ports {} endpoints, and all selectors "
                     "together {}, more than {}; {}",
                     wish.endpoints, all, admission_.limit_, fateOf(last)),
         code::kProduct});
    admission_.refused_.emplace(key, std::move(last));
  }

  SelectorAdmission& admission_;
  std::map<std::string, EntryRef> last_;  ///< what was admitted
  std::vector<Wish> wishes_;
  Selections selections_;
  uint64_t admitted_ = 0;
};

Consistent SelectorAdmission::update(std::shared_ptr<const Snapshot> next) {
  follow(*next);
  if (refused_.empty()) return {std::move(next), {}};
  auto snapshot = std::make_shared<Snapshot>(*next);
  replaceRefused(snapshot->service_entries, refused_);
  return {std::move(snapshot), held_};
}

/// Most meshes have no selector, and most updates nothing that selectors see.
void SelectorAdmission::follow(const Snapshot& next) {
  const bool same_entries = next.service_entries == entries_;
  const bool had_selectors = has_selectors_;
  if (!same_entries) has_selectors_ = std::ranges::any_of(next.service_entries, selects);
  if (same_entries && !has_selectors_) return;
  const bool same = same_entries && next.pods == pods_ && next.workload_entries == workloads_;
  if (same) return;
  if (has_selectors_ || had_selectors) Choice(*this, next).make();
  entries_ = next.service_entries;
  if (!has_selectors_) return;
  pods_ = next.pods;
  workloads_ = next.workload_entries;
}

}  // namespace sluice::routing
