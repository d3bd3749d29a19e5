// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "userspace/proxy/tls/openssl.h"

namespace sluice::tls {

/// Whether one of the certificate's subject alternative names is one of `names`: addresses as
/// addresses, URIs ("spiffe://…") and mail addresses by their bytes, everything else as a DNS name,
/// for which a wildcard in the certificate stands (RFC 6125 §6.4.3). The subject's common name does
/// not count (Envoy).
bool hasAnyName(X509& certificate, std::span<const std::string> names);

}  // namespace sluice::tls
