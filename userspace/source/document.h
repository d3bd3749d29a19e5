// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "userspace/base/result.h"
#include "userspace/source/resource.h"

namespace sluice::source {

/// A file as it was read.
struct SourceFile {
  std::string name;  ///< as shown to users, and the order in which files count
  std::string text;
  std::optional<Error> unreadable;  ///< why there is no text
};

/// One resource of a file.
struct Document {
  ResourceId id;
  bool is_single = false;  ///< there is one resource of the kind, whatever its name
  Position position;
  std::optional<Resource> resource;  ///< absent when it is wrong; `diagnostics` say why
  Diagnostics diagnostics;

  /// What it competes for with other documents.
  ResourceId claim() const { return is_single ? ResourceId{id.kind, "", ""} : id; }
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

/// Never fails: everything that is wrong is in the result.
DecodedFile decodeFile(const SourceFile& file);

}  // namespace sluice::source
