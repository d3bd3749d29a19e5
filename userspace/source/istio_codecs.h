// SPDX-License-Identifier: Apache-2.0
// Values of Istio's API whose YAML is shaped unlike the typed resource.
#pragma once

#include "userspace/model/resources.h"
#include "userspace/source/codec.h"
#include "userspace/source/messages.h"

namespace sluice::source {

/// `{exact: x}`, `{prefix: x}`, `{regex: x}`, or `{}`: present.
template <>
struct Codec<StringMatch> {
  static std::string type() { return "StringMatch"; }
  static const Message* message() { return &describe<StringMatch>(); }
  static void decode(Decoder& decoder, const Node& node, const FieldPath& path, StringMatch& out);
};

/// `{number: 80}`.
struct PortSelector {
  static std::string type() { return "PortSelector"; }
  static const Message* message();
  static void decode(Decoder& decoder, const Node& node, const FieldPath& path,
                     std::optional<uint16_t>& out);
};

/// The whole percents of old API versions, `percent: 50`.
struct WholePercent : PlainCodec {
  static std::string type() { return "integer"; }
  static void decode(Decoder& decoder, const Node& node, const FieldPath& path, Percent& out);
};

/// `{value: 0.1}`: 0, or 0.0001 to 100 (Istio: validatePercentage).
template <>
struct Codec<Percent> {
  static std::string type() { return "Percent"; }
  static const Message* message();
  static void decode(Decoder& decoder, const Node& node, const FieldPath& path, Percent& out);
};

}  // namespace sluice::source
