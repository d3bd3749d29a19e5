// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "userspace/proxy/header_edits.h"
#include "userspace/proxy/path_rewrite.h"
#include "userspace/proxy/redirect.h"
#include "userspace/routing/cors.h"

namespace sluice::proxy {

/// What a destination does to heads, the rule's own operations included.
struct DestinationEdits {
  HeaderEdits request, response;
  std::string host;  ///< of the request as the server gets it; empty: as the client wrote it

  /// Null when there is nothing to do. Istio: with one destination its operations come after the
  /// rule's, with several before them, so that another side wins; those of weight 0 count. A rule's
  /// host always wins.
  static std::shared_ptr<const DestinationEdits> of(const routing::Rule& rule,
                                                    const Headers& destination);
};

/// What a rule does besides forwarding, ready to be carried out. Immutable.
struct RuleActions {
  std::optional<Redirect> redirect;
  const HttpDirectResponse* direct_response = nullptr;  ///< of the rule, which must live as long
  std::optional<PathRewrite> rewrite;
  std::optional<routing::Cors> cors;
  int abort_grpc_status = -1;  ///< of a fault; -1: none
  HeaderEdits response;        ///< of answers that no destination has part in

  /// Null when there is nothing to do. `port`: of the service.
  static Result<std::shared_ptr<const RuleActions>> of(const routing::Rule& rule, uint16_t port);
};

}  // namespace sluice::proxy
