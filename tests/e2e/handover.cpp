// SPDX-License-Identifier: Apache-2.0
#include "tests/e2e/handover.h"

#include <fmt/format.h>

#include "tests/e2e/draws.h"

namespace sluice::test {

HttpHeaders betaHeaders() { return {{"user-group", "beta"}}; }

std::string betaTo(const std::string& version, const std::string& rest) {
  return fmt::format(R"(apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: product-api, namespace: default}}
spec:
  hosts: [product-api]
  http:
  - match: [{{headers: {{user-group: {{exact: beta}}}}}}]
    route: [{{destination: {{host: product-api, subset: {}}}}}]
  - route: [{{destination: {{host: product-api, subset: {}}}}}]
)",
                     version, rest);
}

Result<std::string> versionForBeta(const SocketAddress& to) {
  auto http = HttpConnection::connect(to);
  if (!http) return std::move(http).error();
  HttpRequest request;
  request.headers = betaHeaders();
  auto answer = http->exchange(request);
  if (!answer) return std::move(answer).error();
  return versionOf(answer->servedBy());
}

}  // namespace sluice::test
