// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "userspace/source/document.h"

namespace sluice::source {

/// How one resource of the files is doing.
struct ResourceStatus {
  enum class State {
    kActive,    ///< in the snapshot as it is in the file
    kRejected,  ///< not in the snapshot; `diagnostics` say why
    kLastGood,  ///< an older version is in the snapshot; `diagnostics` say what is wrong now
  };

  std::string kind, namespace_, name;  // NOLINT(readability-identifier-naming): a keyword
  Position position;  ///< in the file as it is now; line 0 when the file cannot be read
  State state = State::kActive;
  Diagnostics diagnostics;
};

/// "active", "rejected", "lastGood".
const char* stateName(ResourceStatus::State state);

/// Turns files into snapshots. What is wrong disturbs nothing else:
/// - of a resource that is wrong, the last good version stays;
/// - of a file that is no YAML, everything stays that it gave before;
/// - of two places that define one resource, the first counts, by the files' names.
/// What is not in the files any more is gone. Not for several threads; snapshots are.
class ResourceStore {
 public:
  ResourceStore();

  /// `files`: all there are, each name once, in any order. Returns whether the snapshot changed.
  bool update(std::vector<SourceFile> files);

  /// Never null. Revision 0 is empty; a change adds 1. Resources that did not change keep their
  /// object from one snapshot to the next.
  std::shared_ptr<const Snapshot> snapshot() const { return snapshot_; }

  /// Of each resource in the files or the snapshot, in the order of their ids.
  const std::vector<ResourceStatus>& statuses() const { return statuses_; }

  /// Everything that was found in the last update, in the order of the files.
  const Diagnostics& diagnostics() const { return diagnostics_; }

  /// Names of the files that could not be read as YAML in the last update.
  const std::vector<std::string>& unreadableFiles() const { return unreadable_files_; }

 private:
  struct CachedFile {
    SourceFile source;
    DecodedFile decoded;
  };
  /// A resource in the snapshot.
  struct Entry {
    ResourceId id;
    Resource resource;
    std::string file;  ///< that gave it
  };
  using Entries = std::map<ResourceId, Entry>;  ///< by claim
  /// Where each claim is made first.
  using Claims = std::map<ResourceId, Position>;

  void decodeFiles(std::vector<SourceFile> files);
  Entries collect();
  void claim(const Document& document, Claims& claims, Entries& next);
  bool heldByUnclearFile(const Document& document) const;
  void accept(const Document& document, Entries& next);
  void keepLost(Entries& next);
  void addStatus(const ResourceId& id, const Position& position, ResourceStatus::State state,
                 Diagnostics diagnostics);
  bool publish(Entries next);

  std::map<std::string, CachedFile> files_;
  Entries entries_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::vector<ResourceStatus> statuses_;
  Diagnostics diagnostics_;
  std::vector<std::string> unreadable_files_;
};

}  // namespace sluice::source
