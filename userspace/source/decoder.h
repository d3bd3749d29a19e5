// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "userspace/source/findings.h"
#include "userspace/source/location.h"
#include "userspace/source/yaml_node.h"

namespace sluice::source {

struct Field;
struct Message;

/// How the documents of one API are read.
struct Dialect {
  /// Kubernetes' objects have more fields than we know; rules may have no others.
  bool skips_unknown_fields = false;
  const char* unknown_field;  ///< codes of findings
  const char* wrong_type;
  const char* duplicate_key;
  const char* invalid_value;  ///< right type, impossible value
};

/// What decoding one resource needs besides the document. Wrong input becomes findings, and
/// decoding goes on, so that a user sees all mistakes at once.
class Decoder {
 public:
  /// Borrows both.
  Decoder(Findings& findings, const Dialect& dialect) : findings_(findings), dialect_(dialect) {}
  Decoder(Findings& findings, Dialect&& dialect) = delete;

  /// Fills `object`, which must be of the type that `message` describes.
  void message(const YamlNode& node, const Location& at, const Message& message, void* object);

  /// How many errors there have been: whether something that was just decoded is right.
  size_t errors() const { return findings_.errors(); }
  void wrongType(const YamlNode& node, const Location& at, std::string_view wanted);
  void invalid(const Location& at, std::string message, std::string hint = {});
  /// `key` is here twice. `place`: of the second one.
  void duplicateKey(const Location& at, std::string_view key, Place place, std::string hint = {});
  /// Reports what a mapping has twice; cheap when it has nothing twice.
  void checkDuplicates(const YamlNode& map, const Location& at, bool are_entries);

 private:
  void checkNames(const YamlNode& node, const Location& at, const Message& message);
  void checkOneOf(const YamlNode& node, const Location& at, const Message& message);
  void checkBounds(const YamlNode& node, const Location& at, const Field& field);
  void checkSkipped(const YamlNode& node, const Location& at);
  void unknownField(const Location& at, std::string_view name, Place place, const Message& message);
  void deprecated(const Location& at, std::string_view instead);
  void fields(const YamlNode& node, const Location& at, const Message& message, void* object);
  void value(const YamlNode& node, const Location& at, const Field& field, void* object);

  Findings& findings_;
  const Dialect& dialect_;
};

}  // namespace sluice::source
