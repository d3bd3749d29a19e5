// SPDX-License-Identifier: Apache-2.0
// What the fields of a head say about framing and about the connection.
#include "userspace/proxy/http1/scanner.h"

namespace sluice::http1 {

namespace {

/// Collects while the fields go by; some conclusions need all of them.
class Examiner {
 public:
  Examiner(Fields& fields, int minor_version) : fields_(fields), minor_version_(minor_version) {}

  Refusal field(const Header& header);
  Refusal conclude();

 private:
  Refusal contentLength(std::string_view value);
  Refusal transferEncoding(std::string_view value);
  Refusal connection(std::string_view value);
  Refusal connectionOption(std::string_view option);
  Refusal upgrade(std::string_view value);
  Refusal host(std::string_view value);
  Refusal hopByHop();

  Fields& fields_;
  int minor_version_;
  bool names_upgrade_ = false;
  bool names_te_ = false;
  bool has_upgrade_ = false;
  bool has_h2c_ = false;
  bool te_is_trailers_ = false;
};

// The length picks the candidate, so that most fields cost one comparison of integers.
Refusal Examiner::field(const Header& header) {
  const auto named = [&](std::string_view name) { return equalsIgnoringCase(header.name, name); };
  switch (header.name.size()) {
    case 2:
      if (!named("te")) break;
      te_is_trailers_ = equalsIgnoringCase(header.value, "trailers");
      return hopByHop();
    case 4:
      if (named("host")) return host(header.value);
      break;
    case 7:
      if (named("upgrade")) return upgrade(header.value);
      break;
    case 10:
      if (named("connection")) return connection(header.value);
      if (named("keep-alive")) return hopByHop();
      break;
    case 14:
      if (named("content-length")) return contentLength(header.value);
      if (named("http2-settings")) return hopByHop();
      if (named("content_length")) return Refusal::kUnderscoredFraming;
      break;
    case 16:
      if (named("proxy-connection")) return hopByHop();
      break;
    case 17:
      if (named("transfer-encoding")) return transferEncoding(header.value);
      if (named("transfer_encoding")) return Refusal::kUnderscoredFraming;
      break;
    default:
      break;
  }
  return Refusal::kNone;
}

Refusal Examiner::hopByHop() {
  fields_.hop_by_hop = true;
  return Refusal::kNone;
}

Refusal Examiner::host(std::string_view value) {
  fields_.host = value;
  ++fields_.hosts;
  return Refusal::kNone;
}

// Equal values are refused too: a sender that repeats the field is broken, and what counts as
// equal ("5" and "05") is where readers differ.
Refusal Examiner::contentLength(std::string_view value) {
  if (fields_.has_length) return Refusal::kContentLengthTwice;
  if (value.size() > kMaxContentLengthDigits || !allAre(kDigit, value)) {
    return Refusal::kBadContentLength;
  }
  fields_.has_length = true;
  for (const char c : value) {
    fields_.content_length = fields_.content_length * 10 + static_cast<uint64_t>(c - '0');
  }
  return Refusal::kNone;
}

Refusal Examiner::transferEncoding(std::string_view value) {
  if (fields_.chunked || !equalsIgnoringCase(value, "chunked"))
    return Refusal::kBadTransferEncoding;
  if (minor_version_ == 0) return Refusal::kEncodingInHttp10;
  fields_.chunked = true;
  return Refusal::kNone;
}

Refusal Examiner::connection(std::string_view value) {
  fields_.hop_by_hop = true;
  Refusal refusal = Refusal::kNone;
  eachElement(value, [&](std::string_view option) {
    refusal = connectionOption(option);
    return refusal == Refusal::kNone;
  });
  return refusal;
}

Refusal Examiner::connectionOption(std::string_view option) {
  const auto is_option = [&](std::string_view name) { return equalsIgnoringCase(option, name); };
  if (option.empty()) return Refusal::kNone;  // RFC 9110 §5.6.1.2
  if (!allAre(kToken, option)) return Refusal::kBadConnectionOption;
  // Dropping one of these would change what the next hop reads as this message.
  if (is_option("host") || is_option("content-length") || is_option("transfer-encoding")) {
    return Refusal::kBadConnectionOption;
  }
  fields_.close |= is_option("close");
  fields_.keep_alive |= is_option("keep-alive");
  names_upgrade_ |= is_option("upgrade");
  names_te_ |= is_option("te");
  return Refusal::kNone;
}

Refusal Examiner::upgrade(std::string_view value) {
  has_upgrade_ = true;
  eachElement(value, [&](std::string_view protocol) {
    has_h2c_ |= equalsIgnoringCase(protocol, "h2c");
    return true;
  });
  return hopByHop();
}

Refusal Examiner::conclude() {
  if (fields_.chunked && fields_.has_length) return Refusal::kLengthAndEncoding;
  // h2c would carry further requests past the rules; RFC 9110 §7.8 allows to ignore an upgrade.
  fields_.upgrade = names_upgrade_ && has_upgrade_ && !has_h2c_ && minor_version_ == 1;
  fields_.te_trailers = names_te_ && te_is_trailers_;
  return Refusal::kNone;
}

}  // namespace

void Fields::reset() {
  headers.clear();
  host = {};
  hosts = 0;
  has_length = chunked = false;
  content_length = 0;
  close = keep_alive = upgrade = te_trailers = hop_by_hop = false;
}

Refusal examineFields(Fields& fields, int minor_version) {
  Examiner examiner(fields, minor_version);
  for (const Header& header : fields.headers.all()) {
    if (const Refusal refusal = examiner.field(header); refusal != Refusal::kNone) return refusal;
  }
  return examiner.conclude();
}

}  // namespace sluice::http1
