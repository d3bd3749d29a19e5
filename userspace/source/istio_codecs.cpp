// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/istio_codecs.h"

#include "userspace/source/scalar.h"

namespace sluice::source {
namespace {

/// PortSelector has a message of its own only in the API.
struct PortNumber {
  std::optional<uint16_t> number;
};

/// So has Percent.
struct PercentNumber {
  double value = 0;
};

/// Reads `kind`'s pattern and notes that it is this kind.
template <StringMatch::Kind kind>
FieldOf<StringMatch> pattern(std::string_view name) {
  auto result = field<&StringMatch::value>(name);
  result.decode = [](Decoder& decoder, const Node& node, const FieldPath& path, void* object) {
    auto& match = *static_cast<StringMatch*>(object);
    match.kind = kind;
    Codec<std::string>::decode(decoder, node, path, match.value);
  };
  return result;
}

constexpr uint32_t kTenThousandthsOfPercent = 10'000;
constexpr double kTenThousandths = kTenThousandthsOfPercent;

}  // namespace

template <>
const Message& describe<PortNumber>() {
  static const Message kMessage =
      messageOf<PortNumber>("PortSelector", {field<&PortNumber::number>("number").required()});
  return kMessage;
}

template <>
const Message& describe<PercentNumber>() {
  static const Message kMessage =
      messageOf<PercentNumber>("Percent", {field<&PercentNumber::value>("value")});
  return kMessage;
}

template <>
const Message& describe<StringMatch>() {
  static const Message kMessage =
      withOneOf(messageOf<StringMatch>("StringMatch",
                                       {
                                           pattern<StringMatch::Kind::kExact>("exact"),
                                           pattern<StringMatch::Kind::kPrefix>("prefix"),
                                           pattern<StringMatch::Kind::kRegex>("regex"),
                                       }),
                {"exact", "prefix", "regex"});
  return kMessage;
}

void Codec<StringMatch>::decode(Decoder& decoder, const Node& node, const FieldPath& path,
                                StringMatch& out) {
  if (isNullValue(node)) {
    return decoder.invalid(path, "a match may not be null", "write {} for \"is present\"");
  }
  out.kind = StringMatch::Kind::kPresent;
  decoder.message(node, path, describe<StringMatch>(), &out);
}

const Message* PortSelector::message() { return &describe<PortNumber>(); }

void PortSelector::decode(Decoder& decoder, const Node& node, const FieldPath& path,
                          std::optional<uint16_t>& out) {
  PortNumber port;
  decoder.message(node, path, describe<PortNumber>(), &port);
  out = port.number;
}

void WholePercent::decode(Decoder& decoder, const Node& node, const FieldPath& path, Percent& out) {
  if (const auto value = decodeInteger(decoder, node, path, 0, 100)) {
    out.millionths = static_cast<uint32_t>(*value) * kTenThousandthsOfPercent;
  }
}

const Message* Codec<Percent>::message() { return &describe<PercentNumber>(); }

void Codec<Percent>::decode(Decoder& decoder, const Node& node, const FieldPath& path,
                            Percent& out) {
  PercentNumber percent;
  decoder.message(node, path, describe<PercentNumber>(), &percent);
  const double value = percent.value;
  if (value < 0 || value > 100 || (value > 0 && value < 1 / kTenThousandths)) {
    return decoder.invalid(path, "must be 0 or a percentage from 0.0001 to 100");
  }
  out.millionths = static_cast<uint32_t>(value * kTenThousandths);
}

}  // namespace sluice::source
