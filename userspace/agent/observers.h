// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <list>
#include <memory>

#include "loader/event_ring.h"
#include "userspace/agent/admin_server.h"
#include "userspace/agent/event_views.h"
#include "userspace/model/data_plane.h"

namespace sluice::agent {

/// Who follows the events of connections (`sluicectl observe`). The kernel's programs tell of
/// connections only while there is somebody, and of as many as the one wants who wants most.
///
///   {kind: "Event", …}           as eventView() writes it
///   {kind: "Lost", events: n}    so many, of all connections, that came faster than they were read
///
/// One that reads nothing for kLongestStall although there is something is told so, and is none
/// any more.
///
/// Belongs to the control thread; borrows all.
class Observers {
 public:
  using Names = std::function<ConnectionNames()>;

  static constexpr Duration kLongestStall = std::chrono::seconds(10);

  /// Nobody follows any more whom an earlier agent had.
  static Result<std::unique_ptr<Observers>> create(Reactor& reactor, DataPlane& data_plane,
                                                   loader::EventRing& ring, Names names);
  ~Observers();
  Observers(const Observers&) = delete;
  Observers& operator=(const Observers&) = delete;

  /// {sample: n} and the fields of EventFilter. Answers {kind: "Observation", sample} when the
  /// programs have begun to tell, and then what they tell until the client leaves.
  void add(const observe::Json& request, const AdminServer::Reply& reply);

 private:
  struct Observer {
    AdminServer::Reply reply;
    EventFilter filter;
    uint32_t sample;    ///< one of so many connections
    uint64_t lost = 0;  ///< not told yet
    bool ended = false;
  };

  Observers(Reactor& reactor, DataPlane& data_plane, loader::EventRing& ring, Names names);
  Result<void> begin(const observe::Json& request, const AdminServer::Reply& reply);
  void readRing();
  static void tell(Observer& observer, const observe::Json& view);
  static void tellLost(Observer& observer);
  static void endIfStalled(Observer& observer);
  void lookAfter();
  void noteLost();
  Result<uint64_t> lostInKernel() const;
  Result<void> setSample();

  Reactor& reactor_;
  DataPlane& data_plane_;
  loader::EventRing& ring_;
  Names names_;
  std::list<Observer> observers_;
  uint64_t lost_in_kernel_ = 0;  ///< that the observers know of
  Reactor::TimerId timer_ = 0;
};

}  // namespace sluice::agent
