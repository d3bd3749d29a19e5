// SPDX-License-Identifier: Apache-2.0
// ServiceEntry and WorkloadEntry.
#include "tests/unit/source/validate_cases.h"

namespace sluice::source {
namespace {

const std::string kHttpPort = "ports: [{number: 80, name: http, protocol: HTTP}]";

/// A ServiceEntry for one host with an HTTP port, and `more`.
std::string entry(const std::string& more) {
  return serviceEntry("{hosts: [google.com], " + kHttpPort + ", " + more + "}");
}

std::string ports(const std::string& list, const std::string& more = "") {
  return serviceEntry("{hosts: [google.com], addresses: [10.0.0.1], ports: [" + list + "]" + more +
                      "}");
}

std::string hosts(const std::string& list, const std::string& more = "") {
  return serviceEntry("{hosts: " + list + ", " + kHttpPort + more + "}");
}

const std::string kStatic = ", resolution: STATIC";
const std::string kDns = ", resolution: DNS";

TEST(ValidateServiceEntry, Hosts) {
  check(std::vector<Refused>{
      {"names", hosts("[google.com, '*.google.com', short]")},
      {"none", hosts("[]"), "spec.hosts"},
      {"character", hosts("[goo!gle.com]"), "spec.hosts[0]"},
      {"all", hosts("['*']"), "spec.hosts[0]"},
      {"wildcard of DNS", hosts("['*.google.com']", kDns), "spec.hosts[0]"},
      {"digits of DNS", hosts("['123']", kDns), "spec.hosts[0]"},
      {"all hosts of DNS", hosts("['*']", kDns), "spec.hosts[0]"},
      {"wildcard of DNS with endpoints",
       hosts("['*.google.com']", kDns + ", endpoints: [{address: lon.google.com}]")},
  });
  check(std::vector<Warned>{
      {"partial wildcard", hosts("['*google.com']"), "spec.hosts[0]"},
      {"partial wildcard of DYNAMIC_DNS", hosts("['*google.com']", ", resolution: DYNAMIC_DNS")},
  });
}

TEST(ValidateServiceEntry, SeveralHostsMustBeToldApart) {
  const auto two = [](const std::string& protocol, const std::string& more) {
    return serviceEntry(
        "{hosts: [a.com, b.com], addresses: [10.0.0.1], ports: [{number: 1, name: "
        "p, protocol: " +
        protocol + "}]" + more + "}");
  };
  const std::string endpoints = kStatic + ", endpoints: [{address: 1.1.1.1}]";
  check(std::vector<Refused>{
      {"HTTP", two("HTTP", endpoints)},
      {"gRPC-Web", two("grpc-web", endpoints)},
      {"TLS", two("TLS", endpoints)},
      {"HTTPS", two("HTTPS", endpoints)},
      {"TCP", two("TCP", endpoints), "spec.hosts"},
      {"MySQL", two("MYSQL", endpoints), "spec.hosts"},
      {"detected", two("''", endpoints), "spec.hosts"},
      {"TCP to any address", two("TCP", "")},
  });
  check(std::vector<Warned>{
      {"TLS by DNS and address", two("HTTPS", kDns), "spec.hosts"},
      {"HTTP by DNS and address", two("HTTP", kDns)},
  });
}

TEST(ValidateServiceEntry, Addresses) {
  check(std::vector<Refused>{
      {"addresses", entry("addresses: [10.0.0.1, '2001:db8::1', 172.16.0.0/16]" + kStatic)},
      {"CIDR of NONE", entry("addresses: [172.16.0.0/16]")},
      {"CIDR of DNS", entry("addresses: [172.16.0.0/16]" + kDns), "spec.addresses"},
      {"address of DNS", entry("addresses: [172.16.0.1]" + kDns)},
      {"prefix too long", entry("addresses: [1.1.1.1/48]"), "spec.addresses[0]"},
      {"IPv6 prefix too long", entry("addresses: ['2001:1::1/132']"), "spec.addresses[0]"},
      {"no prefix", entry("addresses: ['1.1.1.1/']"), "spec.addresses[0]"},
      {"two prefixes", entry("addresses: ['1.1.1.1/8/8']"), "spec.addresses[0]"},
      {"octets", entry("addresses: [1.1.1]"), "spec.addresses[0]"},
      {"name", entry("addresses: [a.com]"), "spec.addresses[0]"},
  });
}

TEST(ValidateServiceEntry, Ports) {
  check(std::vector<Refused>{
      {"ports", ports("{number: 80, name: http, protocol: HTTP}, {number: 81, name: tcp, protocol: "
                      "TCP, targetPort: 80}")},
      {"detected", ports("{number: 80, name: any}")},
      {"letter case", ports("{number: 80, name: a, protocol: Grpc-Web}")},
      {"no protocol", ports("{number: 80, name: a, protocol: SMTP}"), "spec.ports[0].protocol"},
      {"port 0", ports("{number: 0, name: a}"), "spec.ports[0].number"},
      {"large port", ports("{number: 65536, name: a}"), "spec.ports[0].number"},
      {"name", ports("{number: 80, name: a_b}"), "spec.ports[0].name"},
      {"no name", ports("{number: 80, name: ''}"), "spec.ports[0].name"},
      {"number twice", ports("{number: 80, name: a}, {number: 80, name: b}"), "spec.ports"},
      {"name twice", ports("{number: 80, name: a}, {number: 81, name: a}"), "spec.ports"},
      {"target port twice",
       ports("{number: 80, name: a, targetPort: 9}, {number: 81, name: b, targetPort: 9}")},
      {"large target port", ports("{number: 80, name: a, targetPort: 65536}"),
       "spec.ports[0].targetPort"},
  });
}

TEST(ValidateServiceEntry, TcpNeedsAnAddress) {
  const auto tcp = [](const std::string& protocol, const std::string& more,
                      const std::string& labels = "") {
    return "{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: a, labels: "
           "{" +
           labels +
           "}}, spec: {hosts: [a.com], ports: [{number: 1, name: p, protocol: " + protocol + "}]" +
           more + "}}";
  };
  const std::string refuse = "networking.istio.io/enable-autoallocate-ip: 'False'";
  check(std::vector<Warned>{
      {"TCP", tcp("TCP", ""), "spec.ports[0]"},
      {"detected", tcp("''", ""), "spec.ports[0]"},
      {"lower case, as Istio has it", tcp("tcp", "")},
      {"HTTP", tcp("HTTP", "")},
      {"with address", tcp("TCP", ", addresses: [10.0.0.1]")},
      {"allocated", tcp("TCP", kStatic + ", endpoints: [{address: 1.1.1.1}]")},
      {"not allocated", tcp("TCP", kStatic + ", endpoints: [{address: 1.1.1.1}]", refuse),
       "spec.ports[0]"},
  });
}

TEST(ValidateServiceEntry, EndpointsOfResolutions) {
  const auto endpoints = [](const std::string& list, const std::string& resolution) {
    return entry("endpoints: [" + list + "], resolution: " + resolution);
  };
  const std::string ip = "{address: 1.1.1.1}";
  check(std::vector<Refused>{
      {"NONE", endpoints(ip, "NONE"), "spec.endpoints"},
      {"STATIC", endpoints(ip + ", {address: '2001:db8::1'}", "STATIC")},
      {"STATIC without", entry("resolution: STATIC")},
      {"STATIC name", endpoints("{address: in.google.com}", "STATIC"), "spec.endpoints[0].address"},
      {"DNS", endpoints(ip + ", {address: lon.google.com}", "DNS")},
      {"DNS without", entry("resolution: DNS")},
      {"DNS, no name", endpoints("{address: '*.lon.google.com'}", "DNS"),
       "spec.endpoints[0].address"},
      {"DNS, unix", endpoints("{address: 'unix:///a'}", "DNS"), "spec.endpoints[0].address"},
      {"DNS, only a network", endpoints("{network: net-1}", "DNS"), "spec.endpoints[0].address"},
      {"round robin", endpoints("{address: lon.google.com}", "DNS_ROUND_ROBIN")},
      {"round robin without", entry("resolution: DNS_ROUND_ROBIN")},
      {"round robin of two", endpoints(ip + ", {address: a.com}", "DNS_ROUND_ROBIN"),
       "spec.endpoints"},
  });
  check(std::vector<Warned>{
      {"STATIC, only a network", endpoints("{network: net-1}", "STATIC"),
       "spec.endpoints[0].address"},
  });
}

TEST(ValidateServiceEntry, EndpointPorts) {
  const auto endpoint = [](const std::string& fields, const std::string& resolution) {
    return entry("endpoints: [{address: 1.1.1.1, " + fields + "}]" + resolution);
  };
  check(std::vector<Refused>{
      {"port", endpoint("ports: {http: 8080}", kStatic)},
      {"unknown", endpoint("ports: {https: 8080}", kStatic), "spec.endpoints[0].ports"},
      {"unknown of DNS", endpoint("ports: {https: 8080}", kDns), "spec.endpoints[0].ports"},
      {"too large", endpoint("ports: {http: 70000}", kStatic), "spec.endpoints[0].ports.http"},
      {"label", endpoint("labels: {a: 'b c'}", kStatic), "spec.endpoints[0].labels"},
      {"label of DNS", endpoint("labels: {a: 'b c'}", kDns), "spec.endpoints[0].labels"},
  });
}

TEST(ValidateServiceEntry, UnixSockets) {
  const auto socket = [](const std::string& fields) {
    return entry("endpoints: [{" + fields + "}]" + kStatic);
  };
  const std::string two =
      "ports: [{number: 80, name: a, protocol: HTTP}, {number: 81, name: b, "
      "protocol: HTTP}]";
  check(std::vector<Refused>{
      {"path", socket("address: 'unix:///path/to/socket'")},
      {"abstract", socket("address: 'unix://@name'")},
      {"relative", socket("address: 'unix://./path'"), "spec.endpoints[0].address"},
      {"ports", socket("address: 'unix:///path', ports: {http: 1}"), "spec.endpoints[0].ports"},
      {"two service ports",
       serviceEntry("{hosts: [a.com], " + two + ", endpoints: [{address: 'unix:///a'}]" + kStatic +
                    "}"),
       "spec.endpoints[0]"},
  });
}

TEST(ValidateServiceEntry, Selectors) {
  const auto selected = [](const std::string& labels, const std::string& more) {
    return entry("workloadSelector: {labels: {" + labels + "}}" + more);
  };
  check(std::vector<Refused>{
      {"selector", selected("app: a", kStatic)},
      {"of DNS", selected("app: a", kDns)},
      {"and endpoints", selected("app: a", kStatic + ", endpoints: [{address: 1.1.1.1}]"),
       "spec.endpoints"},
      {"wildcard", selected("app: '*'", kStatic), "spec.workloadSelector.labels"},
      {"wildcard in a name", selected("'*': a", kStatic), "spec.workloadSelector.labels"},
  });
  check(std::vector<Warned>{
      {"of NONE", selected("app: a", ""), "spec.workloadSelector"},
      {"of everything", selected("", kStatic), "spec.workloadSelector"},
  });
}

TEST(ValidateServiceEntry, ExportTo) {
  const auto exported = [](const std::string& list) { return entry("exportTo: " + list); };
  check(std::vector<Refused>{
      {"nobody", exported("['~']")},
      {"everyone", exported("['*']")},
      {"own and other", exported("['.', other]")},
      {"nobody and other", exported("['~', other]"), "spec.exportTo"},
      {"everyone and other", exported("['*', other]"), "spec.exportTo"},
      {"own twice", exported("['.', shop]"), "spec.exportTo"},
  });
}

TEST(ValidateServiceEntry, DynamicDns) {
  const auto dynamic = [](const std::string& protocol, const std::string& more,
                          const std::string& host = "'*.a.com'") {
    return serviceEntry("{hosts: [" + host + "], resolution: DYNAMIC_DNS, ports: [{number: 80, " +
                        "name: p, protocol: " + protocol + "}]" + more + "}");
  };
  check(std::vector<Refused>{
      {"HTTP", dynamic("HTTP", "")},
      {"gRPC", dynamic("GRPC", "")},
      {"TLS", dynamic("TLS", "")},
      {"several", dynamic("HTTP", "", "'*.a.com', '*.b.com'")},
      {"internal", dynamic("HTTP", ", location: MESH_INTERNAL")},
      {"HTTPS", dynamic("HTTPS", ""), "spec.ports[0].protocol"},
      {"TCP", dynamic("TCP", ""), "spec.ports[0].protocol"},
      {"no wildcard", dynamic("HTTP", "", "a.com"), "spec.hosts[0]"},
      {"endpoints", dynamic("HTTP", ", endpoints: [{address: a.com}]"), "spec.endpoints"},
      {"addresses", dynamic("HTTP", ", addresses: [10.0.0.1]"), "spec.addresses"},
  });
}

TEST(ValidateServiceEntry, DynamicDnsBehindAWaypoint) {
  const auto waypoint = [](const std::string& name, const std::string& location) {
    return "{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: a, labels: "
           "{istio.io/use-waypoint: " +
           name + "}}, spec: {hosts: ['*.a.com'], resolution: DYNAMIC_DNS, location: " + location +
           ", " + kHttpPort + "}}";
  };
  check(std::vector<Refused>{
      {"internal", waypoint("w", "MESH_INTERNAL"), "spec.location"},
      {"external", waypoint("w", "MESH_EXTERNAL")},
      {"none", waypoint("None", "MESH_INTERNAL")},
  });
}

TEST(ValidateWorkloadEntry, Addresses) {
  check(std::vector<Refused>{
      {"IPv4", workloadEntry("{address: 172.16.1.1, ports: {'7777': 7777}}")},
      {"IPv6", workloadEntry("{address: '2001:db8::1'}")},
      {"name", workloadEntry("{address: validdns.com, ports: {'7777': 7777}}")},
      {"unix", workloadEntry("{address: 'unix:///lon/google/com'}")},
      {"abstract", workloadEntry("{address: 'unix://@a'}")},
      {"none", workloadEntry("{}"), "spec.address"},
      {"port in the address", workloadEntry("{address: 'invaliddns.com:9443'}"), "spec.address"},
      {"wildcard", workloadEntry("{address: '*.com'}"), "spec.address"},
      {"unix with ports", workloadEntry("{address: 'unix:///a', ports: {a: 1}}"), "spec.ports"},
      {"unix folder", workloadEntry("{address: 'unix:///a/'}"), "spec.address"},
      {"unix relative", workloadEntry("{address: 'unix://a'}"), "spec.address"},
      {"unix nothing", workloadEntry("{address: 'unix://'}"), "spec.address"},
      {"port", workloadEntry("{address: 1.1.1.1, ports: {http: 65536}}"), "spec.ports.http"},
      {"port's name", workloadEntry("{address: 1.1.1.1, ports: {a_b: 1}}"), "spec.ports"},
      {"label", workloadEntry("{address: 1.1.1.1, labels: {a: 'b c'}}"), "spec.labels"},
  });
  check(std::vector<Warned>{
      {"only a network", workloadEntry("{network: network-2}"), "spec.address"},
  });
}

TEST(ValidateSidecar, Selector) {
  const auto sidecar = [](const std::string& labels) {
    return resource("Sidecar", "{workloadSelector: {labels: {" + labels +
                                   "}}, outboundTrafficPolicy: {mode: REGISTRY_ONLY}}");
  };
  check(std::vector<Refused>{
      {"selector", sidecar("app: a")},
      {"wildcard", sidecar("app: 'a*'"), "spec.workloadSelector.labels"},
  });
  check(std::vector<Warned>{{"everything", sidecar(""), "spec.workloadSelector"}});
}

}  // namespace
}  // namespace sluice::source
