// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
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
///
/// An update costs what changed, and a hash over the texts of files that are not known to be
/// unchanged: only files with another text are decoded, only the resources that they name are
/// looked at, and only the lists of their kinds are copied.
class ResourceStore {
 public:
  ResourceStore();

  /// `files`: all there are, each name once, in any order; unchanged are only those of the last
  /// update(). Returns whether the snapshot changed.
  bool update(const std::vector<SourceFile>& files);

  /// Never null. Revision 0 is empty; a change adds 1. Resources that did not change keep their
  /// object from one snapshot to the next.
  std::shared_ptr<const Snapshot> snapshot() const { return snapshot_; }

  /// Of each resource in the files or the snapshot, in the order of their ids. Made for each call.
  std::vector<ResourceStatus> statuses() const;
  /// Those of statuses() that there is something to say about: not active, or with findings. What
  /// is well, which may be a hundred thousand, costs no memory here.
  std::vector<ResourceStatus> notable() const;

  struct Counts {
    size_t all = 0;         ///< of statuses()
    size_t not_active = 0;  ///< of these
  };
  /// Costs no memory.
  Counts counts() const;

  /// Everything that was found in the last update, in the order of the files. Made for each call.
  Diagnostics diagnostics() const;

  /// Names of the files that could not be read as YAML in the last update.
  std::vector<std::string> unreadableFiles() const;

 private:
  /// Tells texts apart, so that they need not be kept.
  struct Fingerprint {
    explicit Fingerprint(const SourceFile& file);
    size_t size, hash;
    bool unreadable;
    friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
  };
  struct CachedFile {
    std::optional<Fingerprint> fingerprint;  ///< nothing: not decoded yet
    DecodedFile decoded;
  };
  using Files = std::map<std::string, CachedFile>;
  /// A file, which stays where it is while it is known.
  using FilePointer = const Files::value_type*;

  /// A document that says it defines a resource.
  struct Claimant {
    FilePointer file;
    size_t index;  ///< of the document in its file
  };

  /// What is known of one resource.
  struct Claim {
    std::vector<Claimant> claimants;   ///< in the order of the files
    std::optional<Resource> resource;  ///< in the snapshot
    FilePointer file = nullptr;        ///< that gave `resource`
  };

  /// The order of Metadata::key(), which is that of the lists of a Snapshot.
  struct ByKey {
    bool operator()(const ResourceId& a, const ResourceId& b) const;
  };
  using Claims = std::map<ResourceId, Claim, ByKey>;
  using Ids = std::set<ResourceId>;
  using KeyedIds = std::set<ResourceId, ByKey>;
  using Changed = std::map<std::string, KeyedIds>;  ///< by kind

  // These answer, in `touched`, which resources there is something new about.
  void takeFile(const SourceFile& file, Ids& touched);
  void dropAbsent(const std::vector<SourceFile>& present, Ids& touched);
  void addClaimants(FilePointer file, Ids& touched);
  void dropClaimants(FilePointer file, Ids& touched);
  void forgetFile(FilePointer file, const Ids& touched);

  /// Whether the resource in the snapshot is another one now.
  bool decide(const ResourceId& id);
  static void accept(Claim& claim);
  static bool mayStillHave(FilePointer file);
  static bool isHeld(const Claim& claim);
  void publish(const Changed& changed);
  static AgentSettings agentSettingsOf(const Claims& claims);
  template <typename T>
  static void makeAnew(Snapshot::List<T>& list, const Claims& claims);
  template <typename T>
  static void change(Snapshot::List<T>& list, const Claims& claims, const KeyedIds& ids);

  static const Document& documentOf(const Claimant& claimant);
  static Diagnostics findingsOf(const Claim& claim, const Claimant& claimant);
  template <typename Visit>
  static void visitStates(const Claim& claim, const Visit& visit);
  template <typename Visit>
  void visitStates(const Visit& visit) const;
  template <typename Wanted>
  std::vector<ResourceStatus> statusesThat(const Wanted& wanted) const;

  LabelPool labels_;
  Files files_;
  std::map<std::string, Claims> claims_;  ///< by kind
  Ids contested_;                         ///< which several documents claim
  Ids lost_;                              ///< in the snapshot, though no document gives them
  std::shared_ptr<const Snapshot> snapshot_;
};

}  // namespace sluice::source
