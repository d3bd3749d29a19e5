// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/resolve.h"

#include <memory>

#include "userspace/routing/admission.h"
#include "userspace/routing/resolver.h"

namespace sluice::routing {
namespace {

std::shared_ptr<const Snapshot> admitted(const Snapshot& snapshot) {
  return Admission().update(std::make_shared<const Snapshot>(snapshot)).snapshot;
}

}  // namespace

Routing resolve(const Snapshot& snapshot) { return *Resolver().update(admitted(snapshot)); }

Result<Routing> resolveFor(const Snapshot& snapshot, const std::string& client) {
  const auto routing = Resolver(client).update(admitted(snapshot));
  if (!routing->workload_class.contains(client))
    return Error(Error::Code::kNotFound, "client " + client + ": no such Workload or Pod",
                 "name the client as namespace/name");
  return *routing;
}

}  // namespace sluice::routing
