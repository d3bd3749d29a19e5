// SPDX-License-Identifier: Apache-2.0
// Configurations that are hostile by their size, or careless: each is taken or refused with a
// reason, at a cost that its size explains.
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/unit/hostile/whole_way.h"
#include "tests/unit/hostile/yaml_text.h"

namespace sluice::test {
namespace {

using testing::HasSubstr;

struct Hostile {
  const char* name;
  std::vector<std::string> (*files)();
  const char* refusal = "";  ///< part of the message of the first error; empty: there is none
};

/// Each may spend the budgets of limits.h: the largest are two seconds of compiling expressions, by
/// each of two readers, and 50 MiB for the endpoints of a small file. Beyond those a release build
/// takes up to 2 microseconds and 250 bytes for a byte of the file, sanitizers several times as
/// much of the time.
constexpr Allowance kMemory = {uint64_t{256} << 20, 1000};
#ifdef __SANITIZE_ADDRESS__
constexpr Allowance kMicroseconds = {10'000'000, 20};
#else
constexpr Allowance kMicroseconds = {10'000'000, 4};
#endif

const std::string kRoute = "{route: [{destination: {host: a}}]}";
const std::string kHostDecides =
    "---\n{apiVersion: sluice.io/v1, kind: Agent, metadata: {name: node}, spec: {httpMode: "
    "istio}}\n";
const std::string kHttpPort = "ports: [{port: 80, name: http}]";

std::string ruleFor(const std::string& match) {
  return "{match: [" + match + "], route: [{destination: {host: a}}]}";
}

/// Rules of service a.
std::vector<std::string> rules(const std::string& list) {
  return {service("a", "{" + kHttpPort + "}") +
          istio("VirtualService", "a", "{hosts: [a], http: " + list + "}")};
}

std::string slice(size_t ports, size_t endpoints) {
  return "---\n{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: a, "
         "namespace: shop, labels: {kubernetes.io/service-name: a}}, addressType: IPv4, ports: " +
         list(ports, "{port: #, name: p#}") +
         ", endpoints: " + list(endpoints, "{addresses: [10.1.2.#]}") + "}\n";
}

/// Service a.
std::string manyPorts(size_t count) {
  return service("a",
                 "{clusterIP: 10.0.0.1, ports: " + list(count, "{port: #, name: http-#}") + "}");
}

/// Numbered, with an address of its own.
std::string pod(const std::string& labels) {
  return "---\n{apiVersion: v1, kind: Pod, metadata: {namespace: shop, name: p#, labels: " +
         labels + "}, status: {phase: Running, podIPs: [{ip: '2001:db8::#'}]}}\n";
}

/// A client for each number, which runs here.
std::string workloads(size_t count) {
  return times(count,
               "---\n{apiVersion: sluice.io/v1, kind: Workload, metadata: {namespace: "
               "shop, name: w#, labels: {app: a#}}, spec: {cgroup: /w#, networkNamespace: "
               "/run/netns/w#}}\n");
}

std::string nested(const std::string& item) {
  std::string text;
  for (size_t i = 0; i < 1000; ++i) text += std::string(i, ' ') + item + "\n";
  return text;
}

std::string prefixes(size_t count) {
  std::string text = "[";
  for (size_t i = 1; i <= count; ++i)
    text += (i > 1 ? ", " : "") + ruleFor("{uri: {prefix: /" + std::string(i, 'a') + "}}");
  return text + "]";
}

const Hostile kTexts[] = {
    {"Brackets", [] { return std::vector{std::string(500'000, '[')}; }, "nested more than 32"},
    {"Braces", [] { return std::vector{std::string(500'000, '{')}; }, "nested more than 32"},
    {"Dashes", [] { return std::vector{times(250'000, "- ")}; }, "nested more than 32"},
    {"NestedMappings", [] { return std::vector{nested("a:")}; }, "nested more than 32"},
    {"NestedLists", [] { return std::vector{nested("-")}; }, "nested more than 32"},
    {"Colons", [] { return std::vector{std::string(500'000, ':')}; }, "illegal map value"},
    {"Tags", [] { return std::vector{"a: " + std::string(500'000, '!')}; }, "tag"},
    {"Zeros", [] { return std::vector{std::string(500'000, '\0')}; }, "not UTF-8"},
    {"Blanks", [] { return std::vector{std::string(500'000, ' ')}; }},
    {"EmptyDocuments", [] { return std::vector{times(100'000, "---\n")}; }},
    {"OpenQuote", [] { return std::vector{"a: \"" + std::string(250'000, '\n')}; },
     "apiVersion and kind"},
    {"LongKey", [] { return std::vector{std::string(500'000, 'a') + ": 1"}; }, "illegal map"},
    {"ManyKeys", [] { return std::vector{map(40'000, "a#: 1")}; }, "apiVersion and kind"},
    {"BeyondTheLimit", [] { return std::vector{std::string(3 << 20, '#')}; }, "larger than 2 MiB"},
};

const Hostile kMeshes[] = {
    {"Hosts",
     [] {
       return std::vector{istio("VirtualService", "a",
                                "{hosts: " + list(15'000, "h#.com") + ", http: [" + kRoute + "]}")};
     }},
    {"HostsTimesRules",
     [] {
       return std::vector{
           istio("VirtualService", "a",
                 "{hosts: " + list(200, "h#.com") + ", http: " + list(100, kRoute) + "}")};
     }},
    {"ServicesOfOneName",
     [] {
       return std::vector{
           times(2000, istio("VirtualService", "v", "{hosts: [a#], http: [" + kRoute + "]}"))};
     },
     "is defined at"},
    {"RulesOfOneHost",
     [] {
       return std::vector{
           service("a", "{" + kHttpPort + "}") +
           times(3000, istio("VirtualService", "v#", "{hosts: [a], http: [" + kRoute + "]}"))};
     }},
    {"Paths", [] { return rules(list(5000, ruleFor("{uri: {exact: /a#}}"))); }},
    {"PrefixesOfEachOther", [] { return rules(prefixes(800)); }},
    {"Expressions", [] { return rules(list(2000, ruleFor("{uri: {regex: '/a.*b[a-z]{9}#'}}"))); }},
    {"ExpressionsThatMultiply",
     [] {
       return rules(list(300, ruleFor("{uri: {regex: '#" + times(30, "[a-z]{1000}") + "'}}")));
     },
     "too large together"},
    {"DelegatesTimesHosts",
     [] {
       return std::vector{istio("VirtualService", "root",
                                "{hosts: " + list(1000, "a#.com") + ", http: " +
                                    list(4, "{match: [{uri: {prefix: /#}}], delegate: {name: d}}") +
                                    "}") +
                          istio("VirtualService", "d",
                                "{http: " + list(5000, ruleFor("{uri: {prefix: /}}")) + "}")};
     }},
    {"DelegatesTimesMatches",
     [] {
       return std::vector{service("a", "{" + kHttpPort + "}") +
                          istio("VirtualService", "root",
                                "{hosts: [a], http: [{match: " + list(5000, "{uri: {prefix: /#}}") +
                                    ", delegate: {name: d}}]}") +
                          istio("VirtualService", "d",
                                "{http: [{match: " + list(5000, "{headers: {x: {exact: a#}}}") +
                                    ", route: [{destination: {host: a}}]}]}")};
     }},
    {"DelegatesInACircle",
     [] {
       return std::vector{
           istio("VirtualService", "root", "{hosts: [a], http: [{delegate: {name: d1}}]}") +
           times(1000, istio("VirtualService", "d#", "{http: [{delegate: {name: d#}}]}"))};
     },
     "delegate"},
    {"Subsets",
     [] {
       return std::vector{
           service("a", "{" + kHttpPort + "}") + slice(1, 50) +
           istio("DestinationRule", "a", "{host: a, subsets: " + list(4000, "{name: s#}") + "}")};
     }},
    {"DestinationRulesOfOneHost",
     [] {
       return std::vector{
           service("a", "{" + kHttpPort + "}") +
           times(2000, istio("DestinationRule", "d#", "{host: a, subsets: [{name: s#}]}"))};
     }},
    {"Wildcards",
     [] {
       return std::vector{
           times(1000, istio("ServiceEntry", "e#",
                             "{hosts: ['*.a#.com'], ports: [{number: 80, name: http, protocol: "
                             "HTTP}]}")) +
           times(1000,
                 istio("VirtualService", "v#", "{hosts: ['*.b.a#.com'], http: [" + kRoute + "]}"))};
     }},
    {"WildcardsOfTls",
     [] {
       return std::vector{
           times(4500, istio("ServiceEntry", "e#",
                             "{hosts: ['*.h#.com'], ports: [{number: 443, name: tls, protocol: "
                             "TLS}]}")),
           times(4500, istio("VirtualService", "v#",
                             "{hosts: ['*.h#.com'], tls: [{match: [{sniHosts: ['*.h#.com']}], "
                             "route: [{destination: {host: a}}]}]}"))};
     }},
    {"PublicAndPrivateRulesOfOneHost",
     [] {
       return std::vector{
           times(4000, istio("VirtualService", "v#", "{hosts: [h.com], http: [" + kRoute + "]}")),
           times(4000, istio("VirtualService", "w#",
                             "{hosts: [h.com], exportTo: [n#], http: [" + kRoute + "]}"))};
     }},
    {"PortsTimesRules",
     [] {
       return std::vector{
           manyPorts(5000) +
           istio("VirtualService", "a",
                 "{hosts: [a], http: " + list(5000, ruleFor("{uri: {exact: /a#}}")) + "}")};
     },
     "multiply to"},
    {"PortsTimesServices",
     [] {
       return std::vector{
           manyPorts(5000),
           times(5000, istio("VirtualService", "v#", "{hosts: [a], http: [" + kRoute + "]}"))};
     },
     "multiply to"},
    {"WildcardsTimesHosts",
     [] {
       return std::vector{times(10'000, service("s#", "{" + kHttpPort + "}")),
                          times(5000, istio("VirtualService", "v#",
                                            "{hosts: ['*.local'], http: [" + kRoute + "]}"))};
     },
     "multiply to"},
    {"WildcardWithDestinations",
     [] {
       return std::vector{times(5000, service("s#", "{" + kHttpPort + "}")) +
                          istio("VirtualService", "v",
                                "{hosts: ['*.local'], http: [{route: " +
                                    list(1000, "{destination: {host: s#}, weight: 1}") + "}]}")};
     },
     "multiply to"},
    {"ClientsTimesServices",
     [] {
       return std::vector{
           workloads(200), times(500, service("s#", "{" + kHttpPort + "}")),
           times(500, istio("VirtualService", "v#",
                            "{hosts: [s#], http: [{match: [{sourceLabels: {app: a#}}], route: "
                            "[{destination: {host: a}}]}]}"))};
     }},
    {"ClientsTimesServicesThatTellAllApart",
     [] {
       return std::vector{
           workloads(1000), times(1000, service("s#", "{" + kHttpPort + "}")),
           istio("VirtualService", "v",
                 "{hosts: ['*.local'], http: " +
                     list(1000,
                          "{match: [{sourceLabels: {app: a#}}], route: [{destination: "
                          "{host: a}}]}") +
                     "}")};
     },
     "multiply to"},
    {"EntriesOfOneHostThatAreServicesOfTheirOwn",
     [] {
       std::string servers = list(20, "{address: '2001:db8::@:#'}");
       std::ranges::replace(servers, '@', '#');
       const auto entries = [&](const std::string& name) {
         return times(1000, istio("ServiceEntry", name + "#",
                                  "{hosts: [e.com], exportTo: [" + name +
                                      "#], ports: [{number: 80, name: http, protocol: HTTP}], "
                                      "resolution: STATIC, endpoints: " +
                                      servers + "}"));
       };
       return std::vector{entries("a"), entries("b"), entries("c")};
     }},
    {"ForeignHostsTimesPorts",
     [] {
       return std::vector{
           kHostDecides + manyPorts(5000) +
           istio("VirtualService", "v",
                 "{hosts: [a, " + times(5000, "h#.com", ", ") + "], http: [" + kRoute + "]}")};
     },
     "multiply to"},
    {"SelectorsOfAllPods",
     [] {
       return std::vector{
           times(4000, istio("ServiceEntry", "e#",
                             "{hosts: [e#.com], ports: [{number: 80, name: http, protocol: HTTP}], "
                             "location: MESH_INTERNAL, resolution: STATIC, "
                             "workloadSelector: {labels: {app: a}}}")),
           times(5000, pod("{app: a}"))};
     },
     "selectors together"},
    {"SelectorsOfOneHostTimesPods",
     [] {
       return std::vector{
           times(400, istio("ServiceEntry", "e#",
                            "{hosts: [e.com], ports: [{number: 80, name: http, protocol: HTTP}], "
                            "location: MESH_INTERNAL, resolution: STATIC, "
                            "workloadSelector: {labels: {app: a#}}}")),
           times(5000, pod("{app: a#, version: v1}"))};
     }},
    {"PortsOfASlice",
     [] {
       return std::vector{
           service("a", "{clusterIP: 10.0.0.1, ports: " + list(200, "{port: #, name: p#}") + "}") +
           slice(200, 100)};
     }},
    {"PortsTimesEndpoints", [] { return std::vector{slice(1000, 250)}; },
     "more than 131072 endpoints"},
    {"Exports",
     [] {
       return std::vector{
           service("a", "{" + kHttpPort + "}") +
           istio("VirtualService", "a",
                 "{hosts: [a], exportTo: " + list(10'000, "n#") + ", http: [" + kRoute + "]}")};
     }},
    {"Items",
     [] {
       return std::vector{
           "apiVersion: v1\nkind: List\nitems: " +
           list(3000, "{apiVersion: v1, kind: Service, metadata: {name: s#}, spec: {" + kHttpPort +
                          "}}")};
     }},
    {"Files",
     [] {
       return std::vector<std::string>(
           1000, istio("VirtualService", "v", "{hosts: [a], http: [" + kRoute + "]}"));
     },
     "is defined at"},
};

class HostileTest : public testing::TestWithParam<Hostile> {};

TEST_P(HostileTest, CostsWhatItsSizeExplains) {
  const auto files = GetParam().files();
  size_t bytes = 0;
  for (const auto& text : files) bytes += text.size();

  const Outcome outcome = wholeWay(files);

  const std::string refusal = GetParam().refusal;
  const std::string error = outcome.errors.empty() ? "" : outcome.errors.front().message;
  EXPECT_EQ(error.empty(), refusal.empty()) << error;
  EXPECT_THAT(error, HasSubstr(refusal));
  EXPECT_LE(outcome.cost.memory, kMemory.of(bytes));
  EXPECT_LE(static_cast<uint64_t>(outcome.cost.cpu.count()), kMicroseconds.of(bytes));
  RecordProperty("mebibytes", static_cast<int>(outcome.cost.memory >> 20));
  RecordProperty("milliseconds", static_cast<int>(outcome.cost.cpu.count() / 1000));
}

const auto kName = [](const auto& tested) { return std::string(tested.param.name); };
INSTANTIATE_TEST_SUITE_P(Texts, HostileTest, testing::ValuesIn(kTexts), kName);
INSTANTIATE_TEST_SUITE_P(Meshes, HostileTest, testing::ValuesIn(kMeshes), kName);

}  // namespace
}  // namespace sluice::test
