// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/tls/connection.h"

#include <openssl/err.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "userspace/proxy/tls/server_names.h"

namespace sluice::tls {

namespace {

constexpr auto kHttp2 = std::to_array<unsigned char>({2, 'h', '2'});

/// OpenSSL numbers what a peer's alert says from here on.
constexpr int kAlerts = SSL_AD_REASON_OFFSET;

/// Alerts by which a server refuses who calls; it has taken no request then. With TLS 1.3 they come
/// when the client's handshake is over.
bool refusesCaller(int reason) {
  const int alert = reason - kAlerts;
  return (alert >= SSL_AD_HANDSHAKE_FAILURE && alert <= SSL_AD_ACCESS_DENIED) ||
         alert == TLS13_AD_CERTIFICATE_REQUIRED;
}

/// SSL_set_tlsext_host_name() is a macro with casts of C.
void askFor(std::string name, SSL& ssl) {
  SSL_ctrl(&ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
}

FailureKind kindOfVerification(long result) {
  switch (result) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return FailureKind::kNotValidNow;
    case X509_V_ERR_HOSTNAME_MISMATCH:
      return FailureKind::kWrongName;
    case X509_V_ERR_CERT_REVOKED:
      return FailureKind::kRevoked;
    default:
      return FailureKind::kUntrusted;
  }
}

}  // namespace

Connection::Connection(std::shared_ptr<const Client> client, const Peer& peer, int socket)
    : client_(std::move(client)),
      session_key_(peer.address, client_->serverName(peer.host)),
      names_(client_->expectedNames(peer.host)),
      end_{.socket = socket},
      ssl_(client_->newConnection()) {
  if (ssl_) setUp(peer);
}

void Connection::setUp(const Peer& peer) {
  BioPtr bio = socketBio(end_);
  if (!bio) return ssl_.reset();
  SSL* const ssl = ssl_.get();
  BIO* const both_ways = bio.release();
  SSL_set_bio(ssl, both_ways, both_ways);  // takes it
  SSL_set_app_data(ssl, this);
  SSL_set_connect_state(ssl);
  const std::string& name = session_key_.second;
  // RFC 6066 §3: an address is no server name.
  if (!name.empty() && !IpAddress::parse(name)) askFor(name, *ssl);
  if (peer.http2) SSL_set_alpn_protos(ssl, kHttp2.data(), kHttp2.size());
  if (const auto session = client_->sessions().take(session_key_))
    SSL_set_session(ssl, session.get());
}

void Connection::prepare(SSL_CTX& context) {
  SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(&context, keepSession);
}

void Connection::verify(SSL_CTX& context) {
  SSL_CTX_set_verify(&context, SSL_VERIFY_PEER, checkName);
}

Connection& Connection::of(const SSL* ssl) {
  return *static_cast<Connection*>(SSL_get_app_data(ssl));
}

/// 1: the session is ours from here on.
int Connection::keepSession(SSL* ssl, SSL_SESSION* session) {
  const Connection& self = of(ssl);
  self.client_->sessions().keep(self.session_key_, SessionPtr(session));
  return 1;
}

/// Called for each certificate of a chain that is trusted, and for what is wrong with it.
int Connection::checkName(int trusted, X509_STORE_CTX* chain) {
  if (trusted != 1 || X509_STORE_CTX_get_error_depth(chain) > 0) return trusted;
  const auto* ssl = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const auto& names = of(ssl).names_;
  if (names.empty() || hasAnyName(*X509_STORE_CTX_get_current_cert(chain), names)) return 1;
  X509_STORE_CTX_set_error(chain, X509_V_ERR_HOSTNAME_MISMATCH);
  return 0;
}

Connection::Io Connection::handshake() {
  if (!ssl_) return fail({FailureKind::kProtocol, "out of memory"});
  ERR_clear_error();
  const Io io = outcome(SSL_do_handshake(ssl_.get()));
  established_ |= io == Io::kDone;
  // A server that closes now says so with or without an alert.
  return io == Io::kEnd ? fail({FailureKind::kCut, {}}) : io;
}

// Behind an alert OpenSSL reports an orderly end: what has failed once stays so, or what was cut
// would look whole.
Connection::Io Connection::read(std::span<char> space, size_t& size) {
  if (failed_) return Io::kFailed;
  ERR_clear_error();
  const Io io = outcome(SSL_read_ex(ssl_.get(), space.data(), space.size(), &size));
  answered_ |= io == Io::kDone;
  return io;
}

Connection::Io Connection::peek() {
  if (failed_) return Io::kFailed;
  char byte = 0;
  size_t size = 0;
  ERR_clear_error();
  const Io io = outcome(SSL_peek_ex(ssl_.get(), &byte, sizeof(byte), &size));
  answered_ |= io == Io::kDone;
  return io;
}

Connection::Io Connection::write(std::string_view bytes, size_t& written) {
  ERR_clear_error();
  size_t size = 0;
  const Io io = outcome(SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &size));
  if (io == Io::kDone) written += size;
  return io;
}

Connection::Io Connection::finish() {
  if (!established_ || failed_) return Io::kDone;
  ERR_clear_error();
  const int result = SSL_shutdown(ssl_.get());
  return result >= 0 ? Io::kDone : outcome(result);  // 0: the server has not said so yet
}

bool Connection::drained() const { return end_.drained && SSL_has_pending(ssl_.get()) == 0; }

Connection::Io Connection::outcome(int result) {
  if (result == 1) return Io::kDone;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return Io::kWantsRead;
    case SSL_ERROR_WANT_WRITE:
      return Io::kWantsWrite;
    case SSL_ERROR_ZERO_RETURN:
      return Io::kEnd;
    case SSL_ERROR_SYSCALL:
      // Of an open connection it is the socket's: who cannot write may still read why.
      return established_ ? Io::kFailed
                          : fail({FailureKind::kCut, std::generic_category().message(errno)});
    default:
      return failWithError();
  }
}

/// Keeps the first reason: later ones follow from it.
Connection::Io Connection::fail(Failure why) {
  if (!failure_) failure_ = std::move(why);
  failed_unused_ |= !established_;
  failed_ = true;
  return Io::kFailed;
}

Connection::Io Connection::failWithError() {
  const int reason = ERR_GET_REASON(ERR_peek_last_error());
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) return fail(ofVerification());
  if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING)
    return fail({established_ ? FailureKind::kTruncated : FailureKind::kCut, {}});
  failed_unused_ = refusesCaller(reason) && !answered_;
  const auto kind = reason >= kAlerts ? FailureKind::kRefused : FailureKind::kProtocol;
  return fail({kind, takeErrorText()});
}

Failure Connection::ofVerification() const {
  const long result = SSL_get_verify_result(ssl_.get());
  return {kindOfVerification(result), X509_verify_cert_error_string(result)};
}

}  // namespace sluice::tls
