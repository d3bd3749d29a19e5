// SPDX-License-Identifier: Apache-2.0
// What dashboards that are made for Istio read: its names, and all of its labels.
#pragma once

#include <string>

#include "userspace/observe/requests.h"

namespace sluice::observe {

void addIstioMetrics(MetricsPage& page, const Requests& requests);

/// The value of a label for a status of gRPC; empty, which Prometheus takes for no label, where
/// there is none.
std::string grpcStatusText(int grpc_status);

}  // namespace sluice::observe
