// SPDX-License-Identifier: Apache-2.0
#include "tests/support/tls_files.h"

#include <cstdlib>
#include <stdexcept>

#include "tests/support/files.h"
#include "tests/support/process.h"

namespace sluice::test {

TlsFiles::TlsFiles() {
  auto name = (std::filesystem::temp_directory_path() / "sluice-tls-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
  folder_ = name;
}

TlsFiles::~TlsFiles() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

Result<void> TlsFiles::makeAuthority(const std::string& name) {
  auto made = runChecked({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                          "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=" + name, "-days",
                          "1", "-keyout", key(name), "-out", certificate(name)});
  if (!made) return std::move(made).error();
  return {};
}

Result<void> TlsFiles::make(const std::string& name, const std::string& authority,
                            const std::string& names, int days) {
  const auto request = path(name + ".csr");
  auto asked =
      runChecked({"openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                  "-nodes", "-subj", "/CN=" + name, "-keyout", key(name), "-out", request});
  if (!asked) return std::move(asked).error();
  SLUICE_TRY(writeFile(path(name + ".ext"), "subjectAltName=" + names + "\n"));
  auto made =
      runChecked({"openssl", "x509", "-req", "-in", request, "-CA", certificate(authority),
                  "-CAkey", key(authority), "-CAcreateserial", "-days", std::to_string(days),
                  "-extfile", path(name + ".ext"), "-out", certificate(name)});
  if (!made) return std::move(made).error();
  return {};
}

}  // namespace sluice::test
