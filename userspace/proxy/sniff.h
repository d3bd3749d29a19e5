// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace sluice::proxy {

/// What the first bytes of a connection say about its protocol.
enum class Spoken {
  kNotYet,  ///< more bytes are needed
  kHttp1,
  kHttp2,  ///< with prior knowledge (RFC 9113 §3.3)
  kTls,
  kOther,
};

/// A request line of HTTP/1 (RFC 9112 §3), the beginning of a TLS handshake, or neither.
Spoken sniff(std::string_view bytes);

/// What a TLS client says before anything is encrypted.
struct ClientHello {
  bool complete = false;    ///< more bytes change nothing any more
  std::string server_name;  ///< in lower case; empty when it names none
};

/// Of bytes that begin a TLS handshake (RFC 8446 §4.1.2, RFC 6066 §3), over as many records as it
/// takes; what is malformed names no server.
ClientHello readClientHello(std::string_view bytes);

}  // namespace sluice::proxy
