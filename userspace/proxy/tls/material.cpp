// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/tls/material.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "userspace/base/fd.h"

namespace sluice::tls {

namespace {

constexpr size_t kMaxFile = size_t{4} << 20;

Error problem(const std::string& path, const std::string& what, const char* hint) {
  return {Error::Code::kInvalid, path + ": " + what, hint};
}

/// Whoever writes a rule names the file: nothing of a device or a pipe is read, and nobody waits.
Result<std::string> readFile(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file) return Error::system("open " + path, errno, "the agent must be able to read the file");
  struct stat facts{};
  if (::fstat(file.get(), &facts) != 0) return Error::system("read " + path);
  if (!S_ISREG(facts.st_mode)) return problem(path, "is no file", "name a PEM file");
  std::string text(std::min(static_cast<size_t>(facts.st_size), kMaxFile) + 1, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t count = ::read(file.get(), text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error::system("read " + path);
    if (count == 0) break;
    size += static_cast<size_t>(count);
  }
  if (size == text.size()) return problem(path, "is too large, or grows", "name a PEM file");
  text.resize(size);
  return text;
}

BioPtr bioOver(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// Whether what stopped the reading is that there is nothing more.
bool atEnd() {
  const unsigned long error = ERR_peek_last_error();
  const bool end = error == 0 || (ERR_GET_LIB(error) == ERR_LIB_PEM &&
                                  ERR_GET_REASON(error) == PEM_R_NO_START_LINE);
  if (end) ERR_clear_error();
  return end;
}

/// An encrypted key has nobody who could be asked.
int noPassword(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) { return -1; }

/// Every object of one kind in a file, at least one.
template <typename Owner, auto read>
Result<std::vector<Owner>> readAll(const std::string& path, const char* kind) {
  auto text = readFile(path);
  if (!text) return std::move(text).error();
  const BioPtr bio = bioOver(*text);
  std::vector<Owner> all;
  ERR_clear_error();
  while (Owner next{read(bio.get(), nullptr, noPassword, nullptr)}) all.push_back(std::move(next));
  if (!atEnd())
    return problem(path, "holds a broken " + std::string(kind) + ": " + takeErrorText(),
                   "it must be PEM");
  if (all.empty()) return problem(path, "holds no " + std::string(kind), "it must be PEM");
  return all;
}

constexpr auto kReadCertificates = readAll<CertificatePtr, PEM_read_bio_X509>;
constexpr auto kReadRevocations = readAll<RevocationsPtr, PEM_read_bio_X509_CRL>;

Result<void> presentChain(SSL_CTX& context, const std::string& path) {
  auto chain = kReadCertificates(path, "certificate");
  if (!chain) return std::move(chain).error();
  if (SSL_CTX_use_certificate(&context, chain->front().get()) != 1)
    return problem(path, takeErrorText(), "the first certificate must be the client's own");
  for (size_t i = 1; i < chain->size(); ++i)
    if (SSL_CTX_add1_chain_cert(&context, (*chain)[i].get()) != 1)
      return problem(path, takeErrorText(), "the others must be its issuers");
  return {};
}

Result<void> presentKey(SSL_CTX& context, const std::string& path) {
  auto text = readFile(path);
  if (!text) return std::move(text).error();
  ERR_clear_error();
  const KeyPtr key(PEM_read_bio_PrivateKey(bioOver(*text).get(), nullptr, noPassword, nullptr));
  OPENSSL_cleanse(text->data(), text->size());
  if (!key)
    return problem(path, "holds no private key that can be read: " + takeErrorText(),
                   "it must be PEM, and not encrypted");
  if (SSL_CTX_use_PrivateKey(&context, key.get()) != 1)
    return problem(path, takeErrorText(), "privateKey must be the key of clientCertificate");
  return {};
}

}  // namespace

FileStamp FileStamp::of(const std::string& path) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0) return {.path = path};
  return {path, facts.st_ino, facts.st_size, facts.st_mtim};
}

std::vector<FileStamp> stampsOf(const ClientTlsSettings& settings) {
  std::vector<FileStamp> stamps;
  for (const auto* path : {&settings.ca_certificates, &settings.ca_crl,
                           &settings.client_certificate, &settings.private_key})
    if (!path->empty()) stamps.push_back(FileStamp::of(*path));
  return stamps;
}

Result<void> trust(SSL_CTX& context, const std::string& path) {
  if (path.empty()) {
    if (SSL_CTX_set_default_verify_paths(&context) == 1) return {};
    return Error(Error::Code::kUnavailable, "the system's authorities: " + takeErrorText(),
                 "set caCertificates");
  }
  auto authorities = kReadCertificates(path, "certificate");
  if (!authorities) return std::move(authorities).error();
  X509_STORE* const store = SSL_CTX_get_cert_store(&context);
  for (const auto& authority : *authorities)
    if (X509_STORE_add_cert(store, authority.get()) != 1)
      return problem(path, takeErrorText(), "each certificate must be an authority's");
  return {};
}

Result<void> refuseRevoked(SSL_CTX& context, const std::string& path) {
  auto revocations = kReadRevocations(path, "revocation list");
  if (!revocations) return std::move(revocations).error();
  X509_STORE* const store = SSL_CTX_get_cert_store(&context);
  for (const auto& list : *revocations)
    if (X509_STORE_add_crl(store, list.get()) != 1)
      return problem(path, takeErrorText(), "it must be a list of revoked certificates");
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  return {};
}

Result<void> identify(SSL_CTX& context, const std::string& certificates, const std::string& key) {
  SLUICE_TRY(presentChain(context, certificates));
  SLUICE_TRY(presentKey(context, key));
  if (SSL_CTX_check_private_key(&context) != 1)
    return problem(key, takeErrorText(), "privateKey must be the key of clientCertificate");
  return {};
}

}  // namespace sluice::tls
