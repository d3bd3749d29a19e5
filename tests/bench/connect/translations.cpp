// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/connect/translations.h"

#include "tests/bench/mesh.h"

namespace sluice::test {

std::vector<Translation> translations(size_t services, size_t endpoints_per_service) {
  std::vector<Translation> all;
  all.reserve(services);
  for (size_t i = 0; i < services; ++i) {
    const auto endpoint = i * endpoints_per_service + i % endpoints_per_service;
    all.push_back({{*IpAddress::parse(Mesh::serviceAddress(i)), 80},
                   {*IpAddress::parse(Mesh::endpointAddress(endpoint)), 8080}});
  }
  return all;
}

}  // namespace sluice::test
