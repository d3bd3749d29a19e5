// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/validate_http_route.h"

#include <limits>

#include "userspace/source/codes.h"
#include "userspace/source/validate_common.h"

namespace sluice::source {
namespace {

/// Istio: validateDestination.
void checkDestination(const Destination& destination, const FieldPath& path, Findings& findings) {
  if (destination.host == "*") {
    findings.invalid(path / "host", "\"*\" is no destination", "name one service");
  } else if (!IpAddress::parse(destination.host).ok()) {
    report(findings, code::kIstioInvalid, path / "host", destination.host,
           checkWildcardDomain(destination.host));
  }
  if (!destination.subset.empty()) {
    report(findings, code::kIstioInvalid, path / "subset", destination.subset,
           checkDns1123Label(destination.subset));
  }
  if (destination.port) checkPort(*destination.port, path / "port" / "number", findings);
}

/// Istio: validateWeights. Weights are relative; of several destinations one must get something.
/// Envoy adds them up in 32 bits.
void checkWeights(const std::vector<RouteDestination>& route, const FieldPath& path,
                  Findings& findings) {
  if (route.size() < 2) return;
  uint64_t total = 0;
  for (const auto& destination : route) total += destination.weight;
  if (total == 0) {
    findings.invalid(path, "the weights add up to 0, so no destination would get a request",
                     "give at least one destination a weight above 0");
  }
  if (total > std::numeric_limits<uint32_t>::max()) {
    findings.invalid(path, "the weights add up to more than 4294967295");
  }
}

/// Istio: validateHTTPRoute, "exactly one action".
void checkAction(const HttpRoute& route, const FieldPath& path, Findings& findings) {
  if (!route.route.empty()) return;
  findings.invalid(path, "a rule needs a route: what to do with the requests it matches");
}

/// Istio: ValidateHTTPStatus; 600 is accepted there too. An abort without a status does nothing.
void checkAbort(const Abort& abort, const FieldPath& path, Findings& findings) {
  if (!abort.http_status) return;
  if (*abort.http_status < 200 || *abort.http_status > 600) {
    findings.invalid(path / "httpStatus", "must be a status from 200 to 600");
  }
}

void checkFault(const HttpFaultInjection& fault, const FieldPath& path, Findings& findings) {
  if (!fault.delay && !fault.abort) findings.invalid(path, "needs a delay or an abort");
  if (fault.delay) {
    checkDuration(fault.delay->fixed_delay, path / "delay" / "fixedDelay", findings);
  }
  if (fault.abort) checkAbort(*fault.abort, path / "abort", findings);
}

}  // namespace

void checkHttpRoute(const HttpRoute& route, const FieldPath& path, Findings& findings) {
  checkAction(route, path, findings);
  for (size_t i = 0; i < route.match.size(); ++i) {
    checkHttpMatch(route.match[i], (path / "match")[i], findings);
  }
  for (size_t i = 0; i < route.route.size(); ++i) {
    checkDestination(route.route[i].destination, (path / "route")[i] / "destination", findings);
  }
  checkWeights(route.route, path / "route", findings);
  if (route.timeout) checkDuration(*route.timeout, path / "timeout", findings);
  if (route.fault) checkFault(*route.fault, path / "fault", findings);
}

}  // namespace sluice::source
