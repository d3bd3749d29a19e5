// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "userspace/broker/authorizer.h"
#include "userspace/broker/enrolments.h"
#include "userspace/broker/leaving.h"
#include "userspace/broker/network_namespace.h"

namespace sluice::broker {

/// Opens upstream sockets in the workloads' network namespaces.
class Connector {
 public:
  /// Borrows all.
  Connector(DataPlane& tables, const Enrolments& enrolments, const Leaving& leaving,
            const NamespaceVisitor& visitor)
      : authorizer_(tables), enrolments_(enrolments), leaving_(leaving), visitor_(visitor) {}

  /// As Sockets::connect(), at once. An address that the namespace cannot reach is an error with
  /// errno (ENETUNREACH, EADDRNOTAVAIL, EAFNOSUPPORT, …).
  Result<Fd> connect(const UpstreamTarget& target);

  /// See Authorizer.
  Result<void> keepMembers() { return authorizer_.keepMembers(); }
  void forgetMembers() { authorizer_.forgetMembers(); }

  /// Every connect() fails from here on.
  void close() { closed_ = true; }

 private:
  const NetworkNamespace* namespaceOf(WorkloadId workload) const;

  Authorizer authorizer_;
  const Enrolments& enrolments_;
  const Leaving& leaving_;
  const NamespaceVisitor& visitor_;
  bool closed_ = false;
};

}  // namespace sluice::broker
