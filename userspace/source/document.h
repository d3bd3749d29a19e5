// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "userspace/base/result.h"
#include "userspace/model/label_pool.h"
#include "userspace/source/resource.h"

namespace sluice::source {

/// A file as it was read.
struct SourceFile {
  std::string name;  ///< as shown to users, and the order in which files count
  std::string text;
  std::optional<Error> unreadable;  ///< why there is no text
  bool unchanged = false;           ///< as it was read last, so that there is no text either
};

struct Kind;

/// One resource of a file. There are as many as there are pods, so that one with which all is well
/// has nothing but the resource.
class Document {
 public:
  /// What is not in the resource, or not known without one.
  struct Remarks {
    ResourceId id;
    Position position;
    Diagnostics diagnostics;
  };

  Document(const Kind& kind, std::optional<Resource> resource, Remarks remarks);

  ResourceId id() const;
  const Position& position() const;
  /// Absent when it is wrong; `diagnostics` say why.
  const std::optional<Resource>& resource() const { return resource_; }
  const Diagnostics& diagnostics() const;
  /// What it competes for with other documents: of a kind of which there is one, its whole kind.
  ResourceId claim() const;

 private:
  const Kind* kind_;
  std::optional<Resource> resource_;
  std::unique_ptr<const Remarks> remarks_;  ///< null: no diagnostics, and a resource
};

struct DecodedFile {
  std::vector<Document> documents;
  Diagnostics diagnostics;  ///< of the file, and of documents that say not what they are
  /// False when something in the file could not be told apart: what the file gave before and
  /// gives no more may still be in it.
  bool complete = true;
  /// The text is no YAML, or cannot be read.
  bool readable = true;
};

/// Never fails: everything that is wrong is in the result. Equal labels of the resources are one
/// object, as far as `pool` is the same.
DecodedFile decodeFile(const SourceFile& file, LabelPool& pool);
DecodedFile decodeFile(const SourceFile& file);

}  // namespace sluice::source
