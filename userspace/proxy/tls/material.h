// SPDX-License-Identifier: Apache-2.0
// Certificates, keys and revocations: the files that a policy names.
#pragma once

#include <sys/stat.h>

#include <string>
#include <vector>

#include "userspace/base/result.h"
#include "userspace/model/traffic_policy.h"
#include "userspace/proxy/tls/openssl.h"

namespace sluice::tls {

/// By what a file is seen to be another than before, also one that is renamed into its place.
struct FileStamp {
  std::string path;
  ino_t inode = 0;  ///< 0: there is none
  off_t size = 0;
  timespec changed{};

  static FileStamp of(const std::string& path);
  friend bool operator==(const FileStamp& a, const FileStamp& b) {
    return a.path == b.path && a.inode == b.inode && a.size == b.size &&
           a.changed.tv_sec == b.changed.tv_sec && a.changed.tv_nsec == b.changed.tv_nsec;
  }
};

/// Of all files that the policy names.
std::vector<FileStamp> stampsOf(const ClientTlsSettings& settings);

/// Whom the context trusts: the authorities of `path`, at least one; empty: the system's.
Result<void> trust(SSL_CTX& context, const std::string& path);
/// Checks the whole chain against the revocations of `path`.
Result<void> refuseRevoked(SSL_CTX& context, const std::string& path);
/// The own certificate, the server's view of it from the leaf on, and its key.
Result<void> identify(SSL_CTX& context, const std::string& certificates, const std::string& key);

}  // namespace sluice::tls
