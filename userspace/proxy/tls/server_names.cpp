// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/tls/server_names.h"

#include <algorithm>
#include <string_view>

#include "userspace/model/address.h"

namespace sluice::tls {

namespace {

std::string_view textOf(const ASN1_STRING& text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(&text)),
          static_cast<size_t>(ASN1_STRING_length(&text))};
}

bool hasUri(X509& certificate, std::string_view uri) {
  const NamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME& name = *sk_GENERAL_NAME_value(names.get(), i);
    if (name.type == GEN_URI && textOf(*name.d.uniformResourceIdentifier) == uri) return true;
  }
  return false;
}

bool hasName(X509& certificate, const std::string& name) {
  constexpr unsigned kDnsFlags =
      X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
  if (IpAddress::parse(name)) return X509_check_ip_asc(&certificate, name.c_str(), 0) == 1;
  if (name.find("://") != std::string::npos) return hasUri(certificate, name);
  if (name.find('@') != std::string::npos)
    return X509_check_email(&certificate, name.data(), name.size(), kDnsFlags) == 1;
  // A leading dot would stand for every name below it.
  if (name.empty() || name.front() == '.') return false;
  return X509_check_host(&certificate, name.data(), name.size(), kDnsFlags, nullptr) == 1;
}

}  // namespace

bool hasAnyName(X509& certificate, std::span<const std::string> names) {
  return std::ranges::any_of(names, [&](const auto& name) { return hasName(certificate, name); });
}

}  // namespace sluice::tls
