// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/tls/clients.h"

#include <algorithm>

#include "userspace/base/log.h"

namespace sluice::tls {

std::shared_ptr<const Client> Clients::of(const ClientTlsSettings& settings,
                                          const std::string& from) {
  if (const auto* known = find(settings)) return known->client;
  auto& entry = entries_.emplace_back(Entry{settings, from, {}, nullptr, generation_});
  make(entry);
  return entry.client;
}

/// The stamps first: a file that changes while it is read is read again.
void Clients::make(Entry& entry) {
  entry.files = stampsOf(entry.settings);
  entry.client = Client::of(entry.settings);
  entry.generation = generation_;
  if (const auto& problem = entry.client->problem())
    log::error("{}: nothing is sent by this policy: {}; {}", entry.from, problem->message(),
               problem->hint());
}

bool Clients::lookAgain() {
  std::vector<Entry*> changed;
  for (auto& entry : entries_)
    if (stampsOf(entry.settings) != entry.files) changed.push_back(&entry);
  if (changed.empty()) return false;
  ++generation_;
  for (auto* entry : changed) make(*entry);
  return true;
}

bool Clients::changedSince(uint64_t generation, const ClientTlsSettings& settings) const {
  const auto* known = find(settings);
  return known == nullptr || known->generation > generation;
}

std::vector<Unusable> Clients::unusable() const {
  std::vector<Unusable> found;
  for (const auto& entry : entries_)
    if (const auto& problem = entry.client->problem()) found.push_back({entry.from, *problem});
  return found;
}

void Clients::forgetUnused() {
  std::erase_if(entries_, [](const auto& entry) { return entry.client.use_count() == 1; });
}

const Clients::Entry* Clients::find(const ClientTlsSettings& settings) const {
  const auto at = std::ranges::find(entries_, settings, &Entry::settings);
  return at == entries_.end() ? nullptr : &*at;
}

}  // namespace sluice::tls
