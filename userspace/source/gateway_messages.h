// SPDX-License-Identifier: Apache-2.0
// Messages that only analyses read. What is wrong with them is the business of others: they are
// decoded without a look at the fields that are not described.
#pragma once

#include "userspace/model/gateway.h"
#include "userspace/source/description.h"

namespace sluice::source {

template <>
Message define<Gateway>();
template <>
Message define<KubernetesGateway>();
template <>
Message define<RequestAuthentication>();
template <>
Message define<MeshConfig>();

}  // namespace sluice::source
