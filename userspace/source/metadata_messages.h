// SPDX-License-Identifier: Apache-2.0
// What every resource has around its own fields.
#pragma once

#include "userspace/source/codec.h"
#include "userspace/source/messages.h"

namespace sluice::source {

/// apiVersion, kind, status, metadata, and `own` beside them. T has a member `metadata`.
template <typename T>
MessageOf<T> resourceMessage(std::string_view kind, const Fields<T>& own) {
  Fields<T> all = {
      ignored<T>("apiVersion"),
      ignored<T>("kind"),
      field<&T::metadata>("metadata", "Name, namespace, labels, annotations, age.").required(),
  };
  all.insert(all.end(), own.begin(), own.end());
  MessageOf<T> message(kind, all);
  if (message.find("status") == nullptr) message.fields.push_back(ignored<T>("status"));
  return message;
}

/// A resource whose fields are all in `spec`.
template <typename T>
MessageOf<T> resourceWithSpec(std::string_view kind, const MessageOf<T>& spec) {
  return resourceMessage<T>(kind, {group("spec", spec).required()});
}

}  // namespace sluice::source
