// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/sniff.h"

#include <algorithm>
#include <cstdint>

#include "userspace/proxy/http1/chars.h"

namespace sluice::proxy {

namespace {

constexpr uint8_t kHandshakeRecord = 22;
constexpr uint8_t kClientHello = 1;
constexpr size_t kRecordHeader = 5;
constexpr size_t kHandshakeHeader = 4;
/// RFC 8446 §5.1 allows 2^24; no client comes near this.
constexpr size_t kLongestHello = 32 * 1024;

/// Takes integers and vectors off the front of a message; once something is missing, nothing more.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  bool failed() const { return failed_; }
  bool empty() const { return bytes_.empty() || failed_; }

  size_t number(size_t width) {
    size_t value = 0;
    for (const char byte : take(width)) value = value << 8 | static_cast<uint8_t>(byte);
    return value;
  }
  std::string_view take(size_t size) {
    failed_ |= size > bytes_.size();
    if (failed_) return {};
    const auto taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  /// A vector with its length in front.
  Reader vector(size_t width) { return Reader(take(number(width))); }

 private:
  std::string_view bytes_;
  bool failed_ = false;
};

std::string lowerCase(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), http1::lower);
  return out;
}

/// Of the extension server_name.
std::string hostName(Reader extension) {
  Reader names = extension.vector(2);
  while (!names.empty()) {
    constexpr size_t kHostName = 0;
    const size_t type = names.number(1);
    const auto name = names.take(names.number(2));
    if (type == kHostName && !names.failed()) return lowerCase(name);
  }
  return {};
}

std::string serverName(std::string_view hello) {
  Reader reader(hello);
  reader.take(2 + 32);  // version, random
  reader.vector(1);     // session
  reader.vector(2);     // ciphers
  reader.vector(1);     // compression
  Reader extensions = reader.vector(2);
  while (!extensions.empty()) {
    constexpr size_t kServerName = 0;
    const size_t type = extensions.number(2);
    const Reader data = extensions.vector(2);
    if (type == kServerName) return hostName(data);
  }
  return {};
}

/// The handshake's bytes without the records around them.
struct Handshake {
  std::string bytes;
  bool over = false;  ///< a record of another kind follows: early data of TLS 1.3, for instance
};

Handshake handshakeOf(std::string_view bytes) {
  Handshake found;
  while (bytes.size() >= kRecordHeader) {
    found.over = static_cast<uint8_t>(bytes[0]) != kHandshakeRecord;
    if (found.over) break;
    const size_t size = Reader(bytes.substr(3, 2)).number(2);
    found.bytes.append(bytes.substr(kRecordHeader, size));
    bytes.remove_prefix(std::min(bytes.size(), kRecordHeader + size));
  }
  return found;
}

Spoken sniffLine(std::string_view line) {
  constexpr std::string_view kVersion = " HTTP/1.";
  if (line == "PRI * HTTP/2.0") return Spoken::kHttp2;
  const size_t version = line.rfind(kVersion);
  const bool ends_well =
      version != line.npos && version > 0 && line.size() == version + kVersion.size() + 1;
  return ends_well ? Spoken::kHttp1 : Spoken::kOther;
}

/// Whether a request line may begin so.
bool mayBeHttp(std::string_view bytes) {
  const auto method = bytes.substr(0, bytes.find(' '));
  const auto rest = bytes.substr(method.size());
  const auto printable = [](char c) { return c == ' ' || http1::is(http1::kTargetByte, c); };
  return http1::allAre(http1::kToken, method) && std::ranges::all_of(rest, printable);
}

}  // namespace

Spoken sniff(std::string_view bytes) {
  if (bytes.empty()) return Spoken::kNotYet;
  if (static_cast<uint8_t>(bytes[0]) == kHandshakeRecord) {
    if (bytes.size() == 1) return Spoken::kNotYet;
    return bytes[1] == '\x03' ? Spoken::kTls : Spoken::kOther;
  }
  const size_t end = bytes.find('\n');
  auto line = bytes.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (!mayBeHttp(line)) return Spoken::kOther;
  return end == bytes.npos ? Spoken::kNotYet : sniffLine(line);
}

ClientHello readClientHello(std::string_view bytes) {
  ClientHello nameless{.complete = true, .server_name = {}};
  const auto handshake = handshakeOf(bytes);
  ClientHello unfinished = handshake.over ? nameless : ClientHello{};
  if (handshake.bytes.size() < kHandshakeHeader) return unfinished;
  Reader reader(handshake.bytes);
  if (reader.number(1) != kClientHello) return nameless;
  const size_t size = reader.number(3);
  if (size > kLongestHello) return nameless;
  if (handshake.bytes.size() < kHandshakeHeader + size) return unfinished;
  return {.complete = true, .server_name = serverName(reader.take(size))};
}

}  // namespace sluice::proxy
