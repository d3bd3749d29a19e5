// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <span>
#include <string>

#include "userspace/agent/enroller.h"
#include "userspace/agent/rollout.h"
#include "userspace/observe/json.h"
#include "userspace/source/resource_store.h"

namespace sluice::agent {

/// What the status is made of; borrows everything.
struct StatusFacts {
  pid_t broker = 0;
  pid_t agent = 0;
  const std::string& directory;
  const Rollout::Status& rollout;
  const source::ResourceStore& store;
  std::span<const Enroller::Status> workloads;
  const std::map<std::string, resolve::NameState>& names;
};

/// {apiVersion, kind: Status, version, brokerPid, agentPid, revision, lastSuccess, directory,
///  problem, refusedServices, heldBack, unusableTls, names, resourceCount, rejectedResources,
///  unreadableFiles, resources, workloadsEnrolled, workloadsPending, workloads}. One object, no
///  list: there is one agent. `resources` are those that there is something to say about.
observe::Json statusView(const StatusFacts& facts);

/// {namespace, name, id, state, cgroup, networkNamespace, listener4Port, listener6Port, message,
///  hint, neighbours: [{code, level, who, message, hint}]}
observe::Json workloadView(const Enroller::Status& workload);

size_t countEnrolled(std::span<const Enroller::Status> workloads);
/// Workloads by the code of a neighbour; every code that a neighbour can have.
std::map<std::string, size_t> countNeighbours(std::span<const Enroller::Status> workloads);

}  // namespace sluice::agent
