// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "userspace/model/http_route.h"
#include "userspace/proxy/head_draft.h"
#include "userspace/proxy/header_format.h"

namespace sluice::proxy {

/// Header operations, ready to be carried out. Immutable; used from any thread.
class HeaderEdits {
 public:
  /// Behind what is there already. Istio: remove, then set, then add; what concerns the host is
  /// left out, it is no field (see hostOf()).
  void append(const HeaderOperations& operations);

  /// As append() of one operation after the other, but all removals come first: how Istio joins
  /// a rule with its only destination.
  void appendJoined(const HeaderOperations& rule, const HeaderOperations& destination);

  bool empty() const { return steps_.empty(); }
  bool needsRequest() const { return needs_request_; }

  /// Envoy: each step sees what those before have left, and a value that turns out empty changes
  /// nothing.
  void apply(HeadDraft& draft, FormatInput input) const;

  /// The host that request operations give: of `:authority` or `host`, empty when none does.
  static std::string hostOf(const HeaderOperations& request);

 private:
  enum class Kind { kRemove, kSet, kAdd };
  struct Step {
    Kind kind;
    std::string name;
    HeaderFormat value{""};
  };
  void remove(const HeaderOperations& operations);
  void setAndAdd(const HeaderOperations& operations);
  void put(Kind kind, const std::string& name, const std::string& value);

  std::vector<Step> steps_;
  bool needs_request_ = false;
};

}  // namespace sluice::proxy
