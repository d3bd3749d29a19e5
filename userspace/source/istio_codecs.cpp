// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/istio_codecs.h"

#include <cmath>

#include "userspace/source/base64.h"
#include "userspace/source/scalar.h"
#include "userspace/source/utf8.h"

namespace sluice::source {
namespace {

// These have messages of their own only in the API.
struct PortNumber {
  std::optional<uint16_t> number;
};
struct PercentNumber {
  double value = 0;
};
struct BodyText {
  std::optional<std::string> text;
};

/// Reads `kind`'s pattern and notes that it is this kind.
template <StringMatch::Kind kind>
FieldOf<StringMatch> pattern(std::string_view name, std::string_view says) {
  auto result = field<&StringMatch::value>(name, says);
  result.decode = [](Decoder& decoder, const YamlNode& node, const Location& at, void* object) {
    auto& match = *static_cast<StringMatch*>(object);
    match.kind = kind;
    Codec<std::string>::decode(decoder, node, at, match.value);
  };
  return result;
}

/// JSON's way to write bytes.
struct Base64 : PlainCodec {
  static std::string type() { return "base64"; }
  static void decode(Decoder& decoder, const YamlNode& node, const Location& at,
                     std::optional<std::string>& out) {
    const size_t errors = decoder.errors();
    std::string text;
    Codec<std::string>::decode(decoder, node, at, text);
    if (decoder.errors() > errors) return;
    out = decodeBase64(text);
    if (!out) decoder.invalid(at, "is no base64");
  }
  static YamlNodePtr encode(const std::optional<std::string>& value) {
    return value ? stringNode(encodeBase64(*value)) : nullptr;
  }
};

constexpr uint32_t kTenThousandthsOfPercent = 10'000;
constexpr double kTenThousandths = kTenThousandthsOfPercent;

uint32_t toMillionths(double percent) { return static_cast<uint32_t>(percent * kTenThousandths); }

}  // namespace

template <>
Message define<PortNumber>() {
  using M = PortNumber;
  return MessageOf<M>("PortSelector",
                      {field<&M::number>("number", "Number of the service's port.").required()});
}

template <>
Message define<PercentNumber>() {
  using M = PercentNumber;
  return MessageOf<M>("Percent",
                      {field<&M::value>("value", "0, or 0.0001 to 100.").byDefault("0")});
}

template <>
Message define<BodyText>() {
  using M = BodyText;
  return MessageOf<M>("HTTPBody",
                      {
                          field<&M::text>("string", "The body as text."),
                          field<&M::text, Base64>("bytes", "The body as base64."),
                      })
      .oneOf({"string", "bytes"});
}

template <>
Message define<StringMatch>() {
  using Kind = StringMatch::Kind;
  return MessageOf<StringMatch>(
             "StringMatch",
             {
                 pattern<Kind::kExact>("exact", "The whole text."),
                 pattern<Kind::kPrefix>("prefix", "What the text starts with."),
                 pattern<Kind::kRegex>("regex", "RE2 expression for the whole text."),
             })
      .oneOf({"exact", "prefix", "regex"});
}

template <>
Message define<Percent>() {
  return define<PercentNumber>();
}

void Codec<StringMatch>::decode(Decoder& decoder, const YamlNode& node, const Location& at,
                                StringMatch& out) {
  if (isNullValue(node)) {
    return decoder.invalid(at, "a match may not be null", "write {} for \"is present\"");
  }
  out.kind = StringMatch::Kind::kPresent;
  decoder.message(node, at, describe<StringMatch>(), &out);
}

YamlNodePtr Codec<StringMatch>::encode(const StringMatch& value) {
  MapBuilder map;
  switch (value.kind) {
    case StringMatch::Kind::kExact:
      map.add("exact", stringNode(value.value));
      break;
    case StringMatch::Kind::kPrefix:
      map.add("prefix", stringNode(value.value));
      break;
    case StringMatch::Kind::kRegex:
      map.add("regex", stringNode(value.value));
      break;
    case StringMatch::Kind::kPresent:
      break;
  }
  return std::move(map).take();
}

const Message* PortSelector::message() { return &describe<PortNumber>(); }

void PortSelector::decode(Decoder& decoder, const YamlNode& node, const Location& at,
                          std::optional<uint16_t>& out) {
  PortNumber port;
  decoder.message(node, at, describe<PortNumber>(), &port);
  out = port.number;
}

YamlNodePtr PortSelector::encode(const std::optional<uint16_t>& value) {
  if (!value) return nullptr;
  const PortNumber port{value};
  return encodeMessage(describe<PortNumber>(), &port);
}

void WholePercent::decode(Decoder& decoder, const YamlNode& node, const Location& at,
                          Percent& out) {
  if (const auto value = decodeInteger(decoder, node, at, 0, 100)) {
    out.millionths = static_cast<uint32_t>(*value) * kTenThousandthsOfPercent;
  }
}

YamlNodePtr WholePercent::encode(const Percent& value) { return Codec<Percent>::encode(value); }

void Codec<Percent>::decode(Decoder& decoder, const YamlNode& node, const Location& at,
                            Percent& out) {
  PercentNumber percent;
  decoder.message(node, at, describe<PercentNumber>(), &percent);
  const double value = percent.value;
  if (value < 0 || value > 100 || (value > 0 && value < 1 / kTenThousandths)) {
    return decoder.invalid(at, "must be 0 or a percentage from 0.0001 to 100");
  }
  out.millionths = toMillionths(value);
}

YamlNodePtr Codec<Percent>::encode(const Percent& value) {
  PercentNumber percent{value.millionths / kTenThousandths};
  // Reading cuts off, so what rounding made too small must not lose a whole part.
  if (toMillionths(percent.value) < value.millionths) {
    percent.value = std::nextafter(percent.value, 100.0);
  }
  return encodeMessage(describe<PercentNumber>(), &percent);
}

const Message* HttpBody::message() { return &describe<BodyText>(); }

void HttpBody::decode(Decoder& decoder, const YamlNode& node, const Location& at,
                      std::optional<std::string>& out) {
  BodyText body;
  decoder.message(node, at, describe<BodyText>(), &body);
  out = std::move(body.text);
}

YamlNodePtr HttpBody::encode(const std::optional<std::string>& value) {
  if (!value) return nullptr;
  MapBuilder map;
  if (findIllegalUtf8(*value)) {
    map.add("bytes", stringNode(encodeBase64(*value)));
  } else {
    map.add("string", stringNode(*value));
  }
  return std::move(map).take();
}

}  // namespace sluice::source
