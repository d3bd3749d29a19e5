// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/kubernetes_codecs.h"

#include <algorithm>

#include "userspace/source/scalar.h"

namespace sluice::source {
namespace {

struct PodIp {
  std::string ip;
  friend bool operator==(const PodIp&, const PodIp&) = default;
};

}  // namespace

template <>
Message define<PodIp>() {
  return MessageOf<PodIp>("PodIP", {field<&PodIp::ip>("ip", "The address.").required()});
}

void NumberOrName::decode(Decoder& decoder, const YamlNode& node, const Location& at,
                          std::string& out) {
  const bool scalar = node.kind == YamlNode::Kind::kScalar;
  if (!scalar || scalarType(node) != ScalarType::kInteger) {
    return Codec<std::string>::decode(decoder, node, at, out);
  }
  out = node.text;
}

YamlNodePtr NumberOrName::encode(const std::string& value) {
  return plainScalarType(value) == ScalarType::kInteger ? plainNode(value) : stringNode(value);
}

void OnlyElement::decode(Decoder& decoder, const YamlNode& node, const Location& at,
                         std::vector<std::string>& out) {
  out.resize(1);
  Codec<std::string>::decode(decoder, node, at, out[0]);
}

YamlNodePtr OnlyElement::encode(const std::vector<std::string>& values) {
  return values.empty() ? nullptr : stringNode(values[0]);
}

const Message* PodIps::message() { return &describe<PodIp>(); }

void PodIps::decode(Decoder& decoder, const YamlNode& node, const Location& at,
                    std::vector<std::string>& out) {
  std::vector<PodIp> ips;
  Codec<std::vector<PodIp>>::decode(decoder, node, at, ips);
  out.clear();
  out.reserve(ips.size());
  for (PodIp& ip : ips) out.push_back(std::move(ip.ip));
}

YamlNodePtr PodIps::encode(const std::vector<std::string>& values) {
  std::vector<PodIp> ips;
  ips.reserve(values.size());
  for (const std::string& value : values) ips.push_back({value});
  return Codec<std::vector<PodIp>>::encode(ips);
}

}  // namespace sluice::source
