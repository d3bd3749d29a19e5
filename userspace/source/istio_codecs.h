// SPDX-License-Identifier: Apache-2.0
// Values of Istio's API whose YAML is shaped unlike the typed resource.
#pragma once

#include <array>

#include "userspace/model/resources.h"
#include "userspace/source/codec.h"
#include "userspace/source/messages.h"

namespace sluice::source {

template <>
struct EnumNames<Sidecar::OutboundMode> {
  using Mode = Sidecar::OutboundMode;
  static constexpr std::array<std::pair<std::string_view, Mode>, 2> kNames = {{
      {"REGISTRY_ONLY", Mode::kRegistryOnly},
      {"ALLOW_ANY", Mode::kAllowAny},
  }};
};

/// `{exact: x}`, `{prefix: x}`, `{regex: x}`, or `{}`: present.
template <>
struct Codec<StringMatch> {
  static std::string type() { return "StringMatch"; }
  static const Message* message() { return &describe<StringMatch>(); }
  static void decode(Decoder& decoder, const YamlNode& node, const Location& at, StringMatch& out);
  static YamlNodePtr encode(const StringMatch& value);
};

/// `{number: 80}`.
struct PortSelector {
  static std::string type() { return "PortSelector"; }
  static const Message* message();
  static void decode(Decoder& decoder, const YamlNode& node, const Location& at,
                     std::optional<uint16_t>& out);
  static YamlNodePtr encode(const std::optional<uint16_t>& value);
};

/// The whole percents of old API versions, `percent: 50`.
struct WholePercent : PlainCodec {
  static std::string type() { return "integer"; }
  static void decode(Decoder& decoder, const YamlNode& node, const Location& at, Percent& out);
  static YamlNodePtr encode(const Percent& value);
};

/// `{value: 0.1}`: 0, or 0.0001 to 100 (Istio: validatePercentage).
template <>
struct Codec<Percent> {
  static std::string type() { return "Percent"; }
  static const Message* message() { return &describe<Percent>(); }
  static void decode(Decoder& decoder, const YamlNode& node, const Location& at, Percent& out);
  static YamlNodePtr encode(const Percent& value);
};

/// `{string: text}` or `{bytes: base64}`.
struct HttpBody {
  static std::string type() { return "HTTPBody"; }
  static const Message* message();
  static void decode(Decoder& decoder, const YamlNode& node, const Location& at,
                     std::optional<std::string>& out);
  static YamlNodePtr encode(const std::optional<std::string>& value);
};

}  // namespace sluice::source
