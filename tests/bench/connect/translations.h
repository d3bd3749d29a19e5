// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "userspace/model/address.h"

namespace sluice::test {

/// The address of a service, and that of the endpoint which stands for it.
struct Translation {
  SocketAddress service;
  SocketAddress endpoint;
};

/// As Mesh numbers them: service n is 172.x.x.x:80, its endpoints are 10.x.x.x:8080. The endpoint
/// is another one of each service's, so that endpoints of all services are met.
std::vector<Translation> translations(size_t services, size_t endpoints_per_service);

}  // namespace sluice::test
