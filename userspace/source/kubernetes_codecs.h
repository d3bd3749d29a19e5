// SPDX-License-Identifier: Apache-2.0
// Values of Kubernetes' API whose YAML is shaped unlike the typed resource.
#pragma once

#include "userspace/source/codec.h"
#include "userspace/source/messages.h"

namespace sluice::source {

/// `targetPort`: a number or the name of a container's port.
struct NumberOrName : PlainCodec {
  static std::string type() { return "integer or string"; }
  static void decode(Decoder& decoder, const YamlNode& node, const Location& at, std::string& out);
  static YamlNodePtr encode(const std::string& value);
};

/// A single value for a field whose plural is a list, such as clusterIP and clusterIPs.
struct OnlyElement : PlainCodec {
  static std::string type() { return "string"; }
  static void decode(Decoder& decoder, const YamlNode& node, const Location& at,
                     std::vector<std::string>& out);
  static YamlNodePtr encode(const std::vector<std::string>& values);
};

/// `podIPs`: a list of `{ip: …}`.
struct PodIps {
  static std::string type() { return "list of PodIP"; }
  static const Message* message();
  static void decode(Decoder& decoder, const YamlNode& node, const Location& at,
                     std::vector<std::string>& out);
  static YamlNodePtr encode(const std::vector<std::string>& values);
};

}  // namespace sluice::source
