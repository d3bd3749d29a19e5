// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/admin_commands.h"

#include <arpa/inet.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "maps/tables.hpp"
#include "userspace/agent/connection_names.h"
#include "userspace/agent/explained_names.h"
#include "userspace/agent/map_uses.h"
#include "userspace/agent/status_view.h"
#include "userspace/observe/admin_protocol.h"
#include "userspace/observe/explanation_view.h"
#include "userspace/observe/failures.h"
#include "userspace/observe/resource_views.h"
#include "userspace/observe/routing_views.h"
#include "userspace/observe/traffic_views.h"
#include "userspace/observe/version.h"

namespace sluice::agent {
namespace {

using observe::Json;
using observe::textAt;

bool flagOf(const Json& request, const char* field) {
  const auto found = request.find(field);
  return found != request.end() && found->is_boolean() && found->get<bool>();
}

/// Those of a namespace and name; an empty one means all.
Json selected(const Json& items, const std::string& in_namespace, const std::string& name) {
  Json chosen = Json::array();
  for (const auto& item : items) {
    if (!in_namespace.empty() && textAt(item, "namespace") != in_namespace) continue;
    if (!name.empty() && textAt(item, "name") != name) continue;
    chosen.push_back(item);
  }
  return chosen;
}

}  // namespace

AdminCommands::Command AdminCommands::find(const std::string& name) {
  static const std::map<std::string, Command> kCommands = {
      {"status", &AdminCommands::status},        {"get", &AdminCommands::get},
      {"explain", &AdminCommands::explain},      {"stat", &AdminCommands::stat},
      {"failures", &AdminCommands::failures},    {"maps", &AdminCommands::listMaps},
      {"observe", &AdminCommands::followEvents}, {"version", &AdminCommands::version}};
  const auto found = kCommands.find(name);
  return found == kCommands.end() ? nullptr : found->second;
}

void AdminCommands::handle(const Json& request, const AdminServer::Reply& reply) {
  const auto name = request.is_object() ? textAt(request, "command") : "";
  const auto command = find(name);
  if (command == nullptr)
    return reply(observe::errorAnswer(Error(Error::Code::kInvalid,
                                            "the agent knows no command \"" + name + "\"",
                                            "compare sluicectl version")));
  (this->*command)(request, reply);
}

void AdminCommands::status(const Json& request, const AdminServer::Reply& reply) {
  if (!flagOf(request, "wait")) return replyStatus(reply);
  parts_.configuration.rescan([this, reply] { replyStatus(reply); });
}

void AdminCommands::replyStatus(const AdminServer::Reply& reply) const {
  const auto workloads = parts_.enroller.status();
  reply(statusView({parts_.broker, ::getpid(), parts_.configuration.directory(),
                    parts_.rollout.status(), parts_.configuration.store(), workloads,
                    parts_.rollout.names().states()}));
}

void AdminCommands::get(const Json& request, const AdminServer::Reply& reply) {
  const auto what = textAt(request, "what");
  if (what == "connections") return getConnections(request, reply);
  if (flagOf(request, "resources")) return replyResources(request, reply);
  const auto all = items(what);
  if (all.is_null())
    return reply(
        observe::errorAnswer(Error(Error::Code::kInvalid, "there is no \"" + what + "\" to get",
                                   "services, routes, endpoints, workloads, connections")));
  reply(observe::envelope(what,
                          selected(all, textAt(request, "namespace"), textAt(request, "name"))));
}

/// Resources as they are understood, whether or not they are in force already.
void AdminCommands::replyResources(const Json& request, const AdminServer::Reply& reply) const {
  const auto what = textAt(request, "what");
  const source::Kind* kind = source::findKindByName(what);
  if (kind == nullptr)
    return reply(observe::errorAnswer(
        Error(Error::Code::kInvalid, "there is no kind \"" + what + "\" to get")));
  reply(observe::resourceList(*parts_.configuration.store().snapshot(), *kind,
                              textAt(request, "namespace"), textAt(request, "name")));
}

/// Null for what does not exist; before the first configuration there is nothing in any list.
Json AdminCommands::items(const std::string& what) const {
  static const routing::Routing kNone;
  const auto in_force = parts_.rollout.routing();
  const auto& routing = in_force ? *in_force : kNone;
  if (what == "services") return observe::serviceItems(routing);
  if (what == "routes") return observe::routeItems(routing);
  if (what == "endpoints")
    return observe::endpointItems(routing, parts_.rollout.clusters().outliers.status());
  if (what != "workloads") return nullptr;
  Json views = Json::array();
  for (const auto& workload : parts_.enroller.status()) views.push_back(workloadView(workload));
  return views;
}

void AdminCommands::getConnections(const Json& request, const AdminServer::Reply& reply) const {
  parts_.connections.list([this, reply, unsteered = flagOf(request, "unsteered"),
                           alive = std::weak_ptr<const bool>(alive_)](
                              const Result<std::vector<WorkloadConnection>>& in_kernel) {
    if (alive.expired()) return;
    if (!in_kernel) return reply(observe::errorAnswer(in_kernel.error()));
    if (!unsteered) return replyConnections(*in_kernel, reply);
    const auto is_steered = [this](const SocketAddress& peer) { return isSteered(peer); };
    reply(observe::envelope(
        "connections",
        unsteeredViews(*in_kernel, connectionNames(parts_.enroller, parts_.steering), is_steered)));
  });
}

void AdminCommands::replyConnections(const std::vector<WorkloadConnection>& in_kernel,
                                     const AdminServer::Reply& reply) const {
  parts_.fleet.connections([this, reply, in_kernel, alive = std::weak_ptr<const bool>(alive_)](
                               const std::vector<proxy::ConnectionInfo>& in_proxy) {
    if (alive.expired()) return;
    reply(observe::envelope(
        "connections",
        connectionViews(in_kernel, in_proxy, connectionNames(parts_.enroller, parts_.steering),
                        SteadyClock().now())));
  });
}

/// Whether a connection there would be steered today, or is where steered ones go.
bool AdminCommands::isSteered(const SocketAddress& peer) const {
  if (parts_.steering.endpointId(peer)) return true;
  service_key key{};
  std::ranges::copy(peer.ip.bytes, key.address);
  key.port = htons(peer.port);
  key.protocol = IPPROTO_TCP;
  const auto service = maps::View<Table::kServices>(parts_.data_plane).get(key);
  if (!service) return false;
  const auto binding = maps::View<Table::kBindings>(parts_.data_plane).get(service->binding);
  if (!binding) return false;
  const auto route = maps::View<Table::kRoutes>(parts_.data_plane).get(binding->route);
  return route.ok() && route->via != ROUTE_PASSTHROUGH;
}

void AdminCommands::explain(const Json& request, const AdminServer::Reply& reply) {
  auto call = observe::readCall(request.value("call", Json::object()));
  if (!call) return reply(observe::errorAnswer(call.error()));
  const auto in_force = parts_.rollout.routing();
  if (!in_force)
    return reply(observe::errorAnswer(Error(
        Error::Code::kUnavailable, "no configuration is in force yet", "sluicectl status --wait")));
  call->names_are_resolved = true;
  auto explanation = routing::explain(*in_force, *call);
  if (!explanation) return reply(observe::errorAnswer(explanation.error()));
  warnOfNames(parts_.rollout.names().states(), *explanation);
  reply(observe::explanationView(*explanation));
}

void AdminCommands::stat(const Json&, const AdminServer::Reply& reply) {
  const auto traffic = observe::readTraffic(parts_.data_plane);
  if (!traffic) return reply(observe::errorAnswer(traffic.error()));
  reply(observe::envelope("Traffic", observe::trafficItems(*traffic)));
}

void AdminCommands::failures(const Json&, const AdminServer::Reply& reply) {
  const auto failures = observe::readFailures(parts_.data_plane);
  if (!failures) return reply(observe::errorAnswer(failures.error()));
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  reply(observe::envelope("Failures", observe::failureItems(*failures, now)));
}

void AdminCommands::listMaps(const Json&, const AdminServer::Reply& reply) {
  const auto uses = mapUses(parts_.data_plane, parts_.steering);
  if (!uses) return reply(observe::errorAnswer(uses.error()));
  reply(observe::envelope("Maps", observe::mapItems(*uses)));
}

void AdminCommands::followEvents(const Json& request, const AdminServer::Reply& reply) {
  parts_.observers.add(request, reply);
}

void AdminCommands::version(const Json&, const AdminServer::Reply& reply) {
  reply(observe::envelope("Version", Json::array({{{"version", observe::version()}}})));
}

}  // namespace sluice::agent
