// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "userspace/source/findings.h"
#include "userspace/source/node.h"

namespace sluice::source {

struct Message;

/// What decoding one resource needs besides the document. Wrong input becomes findings, and
/// decoding goes on, so that a user sees all mistakes at once.
class Decoder {
 public:
  enum class UnknownFields { kRefuse, kSkip };

  /// `invalid_code`: of values that have the right type but are impossible.
  Decoder(Findings& findings, const char* invalid_code, UnknownFields unknown)
      : findings_(findings), invalid_code_(invalid_code), unknown_(unknown) {}

  /// Fills `object`, which must be of the type that `message` describes.
  void message(const Node& node, const FieldPath& path, const Message& message, void* object);

  void wrongType(const Node& node, const FieldPath& path, std::string_view wanted);
  void invalid(const FieldPath& path, std::string message, std::string hint = {});
  void deprecated(const FieldPath& path, std::string_view instead);
  void duplicateKey(const FieldPath& path, std::string_view key);

  /// Remembers where `path` is; every codec of a list or map does so for its parts.
  void place(const FieldPath& path, const Node& node) { findings_.place(path, node.place); }

 private:
  void checkNames(const Node& node, const FieldPath& path, const Message& message);
  void checkOneOf(const Node& node, const FieldPath& path, const Message& message);
  void unknownField(const FieldPath& path, std::string_view name, const Message& message);
  void notSupported(const FieldPath& path);
  void fields(const Node& node, const FieldPath& path, const Message& message, void* object);

  Findings& findings_;
  const char* invalid_code_;
  UnknownFields unknown_;
};

}  // namespace sluice::source
