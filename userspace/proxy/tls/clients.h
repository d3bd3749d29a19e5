// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "userspace/proxy/tls/client.h"
#include "userspace/proxy/tls/material.h"

namespace sluice::tls {

/// A policy by which nothing can be sent at present.
struct Unusable {
  std::string policy;  ///< where it was written, as Sourced::from
  Error why;
};

/// One Client for each policy, for as long as somebody uses it, so that connections and sessions
/// last through changes of other things. Made anew when its files are others. One thread.
class Clients {
 public:
  /// `from`: where the policy was written. Never null.
  std::shared_ptr<const Client> of(const ClientTlsSettings& settings, const std::string& from);

  /// Looks at the files again; true when some are others than they were.
  bool lookAgain();
  /// Grows with each of those changes.
  uint64_t generation() const { return generation_; }
  /// Whether the policy's files have changed since that generation.
  bool changedSince(uint64_t generation, const ClientTlsSettings& settings) const;

  std::vector<Unusable> unusable() const;
  /// Forgets what nobody else holds.
  void forgetUnused();

 private:
  struct Entry {
    ClientTlsSettings settings;
    std::string from;
    std::vector<FileStamp> files;  ///< taken before they were read
    std::shared_ptr<const Client> client;
    uint64_t generation = 0;  ///< in which the client was made
  };

  void make(Entry& entry);
  const Entry* find(const ClientTlsSettings& settings) const;

  uint64_t generation_ = 0;
  std::list<Entry> entries_;  ///< policies of TLS are few
};

}  // namespace sluice::tls
