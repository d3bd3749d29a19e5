// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "loader/map_data_plane.h"
#include "userspace/agent/admin_server.h"
#include "userspace/agent/configuration.h"
#include "userspace/agent/connection_views.h"
#include "userspace/agent/observers.h"

namespace sluice::agent {

/// What the admin socket can be asked. Requests are objects with a `command`:
///
///   {command: status, wait: true|false}
///   {command: get, what: services|routes|endpoints|workloads|connections, namespace, name}
///   {command: get, what: connections, unsteered: true}
///   {command: get, what: virtualservices|…, resources: true, namespace, name}
///   {command: explain, call: {…}}  as observe::callView() writes it
///   {command: stat}
///   {command: failures}
///   {command: maps}
///   {command: observe, sample, namespace, workload, service, reason}: see Observers
///   {command: version}
///
/// Belongs to the control thread; borrows everything.
class AdminCommands {
 public:
  struct Parts {
    pid_t broker;
    loader::MapDataPlane& data_plane;
    const steering::Steering& steering;
    Rollout& rollout;
    Enroller& enroller;
    Fleet& fleet;
    Connections& connections;
    Configuration& configuration;
    Observers& observers;
  };

  explicit AdminCommands(const Parts& parts) : parts_(parts) {}

  void handle(const observe::Json& request, const AdminServer::Reply& reply);

 private:
  using Command = void (AdminCommands::*)(const observe::Json&, const AdminServer::Reply&);
  static Command find(const std::string& name);

  void status(const observe::Json& request, const AdminServer::Reply& reply);
  void get(const observe::Json& request, const AdminServer::Reply& reply);
  void explain(const observe::Json& request, const AdminServer::Reply& reply);
  void stat(const observe::Json& request, const AdminServer::Reply& reply);
  void failures(const observe::Json& request, const AdminServer::Reply& reply);
  void listMaps(const observe::Json& request, const AdminServer::Reply& reply);
  void followEvents(const observe::Json& request, const AdminServer::Reply& reply);
  void version(const observe::Json& request, const AdminServer::Reply& reply);

  void replyStatus(const AdminServer::Reply& reply) const;
  void getConnections(const observe::Json& request, const AdminServer::Reply& reply) const;
  void replyConnections(const std::vector<WorkloadConnection>& in_kernel,
                        const AdminServer::Reply& reply) const;
  bool isSteered(const SocketAddress& peer) const;
  void replyResources(const observe::Json& request, const AdminServer::Reply& reply) const;
  observe::Json items(const std::string& what) const;

  Parts parts_;
  std::shared_ptr<const bool> alive_ = std::make_shared<bool>(true);  ///< for late answers
};

}  // namespace sluice::agent
