// SPDX-License-Identifier: Apache-2.0
// Where analyzers put what they find.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "userspace/model/codes.h"
#include "userspace/model/resources.h"
#include "userspace/source/field_path.h"

namespace sluice::analysis {

/// The resource that a finding is about; borrows its metadata.
struct Subject {
  const char* kind;
  const Metadata* metadata;

  /// "VirtualService/shop/catalog", "Namespace/shop"; empty for the configuration as a whole.
  std::string text() const;
};

inline Subject subjectOf(const VirtualService& r) { return {"VirtualService", &r.metadata}; }
inline Subject subjectOf(const DestinationRule& r) { return {"DestinationRule", &r.metadata}; }
inline Subject subjectOf(const ServiceEntry& r) { return {"ServiceEntry", &r.metadata}; }
inline Subject subjectOf(const Sidecar& r) { return {"Sidecar", &r.metadata}; }
inline Subject subjectOf(const Service& r) { return {"Service", &r.metadata}; }
inline Subject subjectOf(const Deployment& r) { return {"Deployment", &r.metadata}; }

/// The configuration as a whole.
Subject subjectOfNone();

struct Finding {
  const char* code;  ///< of codes.def, which has the level
  Subject subject;
  source::FieldPath field;    ///< as shown; empty: the whole resource
  std::string message;        ///< fits behind "VirtualService/shop/catalog spec.hosts: "
  std::string hint = {};      ///< empty: the remedy of codes.def
  source::FieldPath at = {};  ///< where to point, when that is more exact than `field`
};

/// Where `field` of the resource that begins at `resource` stands in its file, or the nearest
/// field around it that the file has.
using Locator = std::function<Position(const Position& resource, const source::FieldPath& field)>;

class Report {
 public:
  void add(Finding finding) { findings_.push_back(std::move(finding)); }

  /// In the order of the files and the places in them, so that `locate` sees each file once; an
  /// empty one leaves every finding at the beginning of its resource.
  Diagnostics take(const Locator& locate);

 private:
  std::vector<Finding> findings_;
};

}  // namespace sluice::analysis
