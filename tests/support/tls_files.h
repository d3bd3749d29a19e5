// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "userspace/base/result.h"

namespace sluice::test {

/// Authorities, certificates and keys that are made now, by openssl, in a folder that goes with
/// this object. Each NAME is NAME.pem and NAME.key.
class TlsFiles {
 public:
  TlsFiles();
  ~TlsFiles();
  TlsFiles(const TlsFiles&) = delete;
  TlsFiles& operator=(const TlsFiles&) = delete;

  /// One that signs itself.
  Result<void> makeAuthority(const std::string& name);
  /// For `names` as in "DNS:server.example,IP:127.0.0.1"; its subject is CN=`name`. `days` below 0:
  /// it has expired.
  Result<void> make(const std::string& name, const std::string& authority, const std::string& names,
                    int days = 1);

  std::string certificate(const std::string& name) const { return path(name + ".pem"); }
  std::string key(const std::string& name) const { return path(name + ".key"); }
  std::string path(const std::string& file) const { return (folder_ / file).string(); }

 private:
  std::filesystem::path folder_;
};

}  // namespace sluice::test
