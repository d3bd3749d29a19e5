// SPDX-License-Identifier: Apache-2.0
// networking.istio.io, VirtualService: which requests an HTTP rule is for.
#include "userspace/source/istio_codecs.h"

namespace sluice::source {

template <>
Message define<HttpMatchRequest>() {
  using M = HttpMatchRequest;
  using Matches = HeaderMap<StringMatch>;
  return MessageOf<M>(
      "HTTPMatchRequest",
      {
          field<&M::name>("name", "Name of the match, for logs."),
          field<&M::uri>("uri", "Path without the query; case matters unless ignoreUriCase."),
          field<&M::scheme>("scheme", "http or https."),
          field<&M::method>("method", "Method of the request, in upper case."),
          field<&M::authority>("authority", "Host header, with its port when it has one."),
          field<&M::headers, Matches>("headers",
                                      "Headers that must match; {} asks only for presence."),
          field<&M::port, UnlessZero<uint16_t>>("port", "Port of the service that was called."),
          field<&M::source_labels>("sourceLabels", "Labels that the client has."),
          field<&M::gateways>("gateways", "Instead of the gateways of the VirtualService."),
          field<&M::query_params>("queryParams",
                                  "Query parameters that must match; the first of a name counts."),
          field<&M::ignore_uri_case>("ignoreUriCase",
                                     "Whether exact and prefix of uri ignore letter case."),
          field<&M::without_headers, Matches>("withoutHeaders",
                                              "Headers that must not match; {}: must be absent."),
          field<&M::source_namespace>("sourceNamespace", "Namespace of the client."),
          field<&M::stat_prefix>("statPrefix", "Prefix for statistics of this match."),
      });
}

}  // namespace sluice::source
