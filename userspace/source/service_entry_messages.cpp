// SPDX-License-Identifier: Apache-2.0
// networking.istio.io: ServiceEntry and WorkloadEntry.
#include <algorithm>
#include <array>
#include <set>

#include "userspace/source/istio_codecs.h"
#include "userspace/source/metadata_messages.h"
#include "userspace/source/selector_rules.h"

namespace sluice::source {

template <>
struct EnumNames<ServiceEntry::Location> {
  using Location = ServiceEntry::Location;
  static constexpr std::array<std::pair<std::string_view, Location>, 2> kNames = {{
      {"MESH_EXTERNAL", Location::kMeshExternal},
      {"MESH_INTERNAL", Location::kMeshInternal},
  }};
};

template <>
struct EnumNames<ServiceEntry::Resolution> {
  using Resolution = ServiceEntry::Resolution;
  static constexpr std::array<std::pair<std::string_view, Resolution>, 5> kNames = {{
      {"NONE", Resolution::kNone},
      {"STATIC", Resolution::kStatic},
      {"DNS", Resolution::kDns},
      {"DNS_ROUND_ROBIN", Resolution::kDnsRoundRobin},
      {"DYNAMIC_DNS", Resolution::kDynamicDns},
  }};
};

namespace {

constexpr double kLastPort = 65535;
constexpr std::string_view kUnix = "unix://";

/// CEL: "hostname cannot be wildcard".
std::optional<std::string> hostComplaint(std::string_view host) {
  if (host != "*") return std::nullopt;
  return "\"*\" would be every host; name them";
}

/// CEL: "UDS must be an absolute path or abstract socket", "UDS may not be a dir".
std::optional<std::string> addressComplaint(std::string_view address) {
  if (!address.starts_with(kUnix)) return std::nullopt;
  const std::string_view path = address.substr(kUnix.size());
  if (!path.starts_with('/') && !path.starts_with('@')) {
    return "a unix socket needs an absolute path or an abstract name (@)";
  }
  if (path.ends_with('/')) return "a unix socket is no directory";
  return std::nullopt;
}

bool isLetterOrDigit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// CEL: "port name must be valid".
bool isPortName(std::string_view name) {
  constexpr size_t kTooLong = 63;
  if (name.empty() || name.size() >= kTooLong) return false;
  return isLetterOrDigit(name.front()) && isLetterOrDigit(name.back()) &&
         std::ranges::all_of(name, [](char c) { return c == '-' || isLetterOrDigit(c); });
}

/// `ports` of an endpoint. Names of ports have no dots, so that each is shown in its path.
struct PortNumbers : Codec<std::map<std::string, uint32_t>> {
  static void decode(Decoder& decoder, const YamlNode& node, const Location& at,
                     std::map<std::string, uint32_t>& out) {
    if (!node.isMap()) return decoder.wrongType(node, at, "a mapping");
    decoder.checkDuplicates(node, at, true);
    for (const auto& [key, value] : node.entries) {
      if (!isPortName(key->text)) {
        decoder.invalid(at, "the name of a port has up to 62 letters, digits and dashes inside");
        continue;
      }
      const auto number = decodeInteger(decoder, *value, at.namedEntry(key->text), 1,
                                        static_cast<int64_t>(kLastPort));
      if (number) out[key->text] = static_cast<uint32_t>(*number);
    }
  }
};

/// CEL: "Address is required", "UDS may not include ports".
void checkEndpoint(const WorkloadEndpoint& endpoint, const Location& at, Decoder& decoder) {
  if (endpoint.address.empty() && endpoint.network.empty()) {
    decoder.invalid(at.field("address"), "an address is needed where there is no network");
  }
  if (endpoint.address.starts_with(kUnix) && !endpoint.ports.empty()) {
    decoder.invalid(at.field("ports"), "a unix socket has no ports", "remove them");
  }
}

/// CEL: "port number cannot be duplicated"; names are the list's keys.
void checkPorts(const ServiceEntry& entry, const Location& at, Decoder& decoder) {
  std::set<uint32_t> numbers;
  std::set<std::string_view> names;
  for (const ServiceEntryPort& port : entry.ports) {
    const bool is_new = numbers.insert(port.number).second;
    if (!names.insert(port.name).second || !is_new) {
      decoder.invalid(at.field("ports"),
                      "two ports have the same " + std::string(is_new ? "name" : "number"));
    }
  }
}

/// CEL: "only one of WorkloadSelector or Endpoints can be set", "NONE mode cannot set endpoints",
/// "DNS_ROUND_ROBIN mode cannot have multiple endpoints".
void checkEndpoints(const ServiceEntry& entry, const Location& at, Decoder& decoder) {
  using Resolution = ServiceEntry::Resolution;
  if (entry.endpoints.empty()) return;
  const Location endpoints = at.field("endpoints");
  if (entry.workload_selector) {
    decoder.invalid(endpoints, "endpoints are listed or selected, not both",
                    "remove endpoints or workloadSelector");
  }
  if (entry.resolution == Resolution::kNone) {
    decoder.invalid(endpoints, "resolution NONE goes to the address that was called",
                    "remove endpoints, or set resolution to STATIC or DNS");
  }
  if (entry.resolution == Resolution::kDnsRoundRobin && entry.endpoints.size() > 1) {
    decoder.invalid(endpoints, "resolution DNS_ROUND_ROBIN has one endpoint at most",
                    "use DNS for several");
  }
}

/// CEL: "CIDR addresses are allowed only for NONE/STATIC resolution types".
void checkAddresses(const ServiceEntry& entry, const Location& at, Decoder& decoder) {
  using Resolution = ServiceEntry::Resolution;
  if (entry.resolution == Resolution::kNone || entry.resolution == Resolution::kStatic) return;
  const auto is_range = [](const std::string& address) {
    return address.find('/') != std::string::npos;
  };
  if (std::ranges::none_of(entry.addresses, is_range)) return;
  decoder.invalid(at.field("addresses"), "ranges of addresses need resolution NONE or STATIC");
}

/// `status.addresses`.
struct AllocatedAddresses {
  struct Address {
    std::string value;
    friend bool operator==(const Address&, const Address&) = default;
  };
  static std::string type() { return "list of ServiceEntryAddress"; }
  static const Message* message();
  static void decode(Decoder& decoder, const YamlNode& node, const Location& at,
                     std::vector<std::string>& out);
  static YamlNodePtr encode(const std::vector<std::string>& values);
};

}  // namespace

template <>
Message define<AllocatedAddresses::Address>() {
  using M = AllocatedAddresses::Address;
  return MessageOf<M>("ServiceEntryAddress", {field<&M::value>("value", "The address.")}).open();
}

const Message* AllocatedAddresses::message() { return &describe<Address>(); }

void AllocatedAddresses::decode(Decoder& decoder, const YamlNode& node, const Location& at,
                                std::vector<std::string>& out) {
  std::vector<Address> addresses;
  Codec<std::vector<Address>>::decode(decoder, node, at, addresses);
  out.clear();
  out.reserve(addresses.size());
  for (Address& address : addresses) out.push_back(std::move(address.value));
}

YamlNodePtr AllocatedAddresses::encode(const std::vector<std::string>& values) {
  std::vector<Address> addresses;
  addresses.reserve(values.size());
  for (const std::string& value : values) addresses.push_back({value});
  return Codec<std::vector<Address>>::encode(addresses);
}

template <>
Message define<WorkloadEndpoint>() {
  using M = WorkloadEndpoint;
  constexpr size_t kMaxText = 2048;
  return MessageOf<M>(
             "WorkloadEntry.spec",
             {
                 field<&M::address>("address", "IP address, host name, or unix:// and a path.")
                     .within(textOf(256, addressComplaint)),
                 field<&M::ports, PortNumbers>("ports",
                                               "Port of this server by name of the "
                                               "service's port; absent: the service's.")
                     .within(atMostItems(128)),
                 field<&M::labels>("labels", "What subsets and selectors look at.")
                     .within(atMostItems(256)),
                 field<&M::network>("network", "Network that the address is in.")
                     .within(textOf(kMaxText)),
                 field<&M::locality>("locality", "Where it stands: region/zone/subzone.")
                     .within(textOf(kMaxText)),
                 field<&M::weight>("weight", "Share, relative to the other endpoints; 0: 1."),
                 field<&M::service_account>("serviceAccount", "Identity of the server.")
                     .within(textOf(253)),
             })
      .rule<checkEndpoint>();
}

template <>
Message define<WorkloadEntry>() {
  using M = WorkloadEntry;
  auto spec = field<&M::endpoint>("spec", "The server.").required();
  return resourceMessage<M>("WorkloadEntry", {spec});
}

template <>
Message define<ServiceEntryPort>() {
  using M = ServiceEntryPort;
  return MessageOf<M>(
      "ServicePort (ServiceEntry)",
      {
          field<&M::number>("number", "Port that clients call.")
              .required()
              .within(range(1, kLastPort)),
          field<&M::protocol>("protocol",
                              "HTTP, HTTPS, GRPC, HTTP2, GRPC-Web, MONGO, TCP, TLS, "
                              "REDIS, MYSQL or UDP; absent: detected.")
              .within(textOf(256)),
          field<&M::name>("name", "Name of the port.").required().within(textOf(256)),
          field<&M::target_port>("targetPort", "Port of the endpoints; absent: number.")
              .within(range(1, kLastPort)),
      });
}

template <>
Message define<WorkloadSelector>() {
  using M = WorkloadSelector;
  return MessageOf<M>("WorkloadSelector",
                      {field<&M::labels>("labels", "Labels that workloads have.")
                           .within(atMostItems(256))
                           .eachWithin(textOf(kMaxLabelValueLength, selectorValueComplaint))});
}

template <>
Message define<ServiceEntry>() {
  using M = ServiceEntry;
  Bounds some_hosts = atMostItems(256);
  some_hosts.min_items = 1;
  const Fields<M> spec = {
      field<&M::hosts>("hosts", "Names of the service; the first label may be *.")
          .required()
          .within(some_hosts)
          .eachWithin(textRule(hostComplaint)),
      field<&M::addresses>("addresses", "Addresses that clients call.")
          .within(atMostItems(256))
          .eachWithin(textOf(64)),
      field<&M::ports>("ports", "Ports that clients call.").within(atMostItems(256)),
      field<&M::location>("location", "Whether the servers belong to the mesh."),
      field<&M::resolution>("resolution", "Where endpoints come from."),
      field<&M::endpoints>("endpoints", "The servers.").within(atMostItems(4096)),
      field<&M::workload_selector>("workloadSelector", "Pods and WorkloadEntries that serve."),
      field<&M::export_to>("exportTo", "Namespaces that see it: \".\", \"*\", \"~\", names.")
          .byDefault("\"*\""),
      field<&M::subject_alt_names>("subjectAltNames", "Names in the servers' certificates."),
  };
  const Fields<M> status = {
      field<&M::allocated_addresses, AllocatedAddresses>(
          "addresses", "Addresses that a control plane gave to hosts without any."),
  };
  const auto checked_spec = MessageOf<M>("ServiceEntry", spec)
                                .rule<checkPorts>()
                                .rule<checkEndpoints>()
                                .rule<checkAddresses>();
  return resourceMessage<M>("ServiceEntry",
                            {
                                group("spec", checked_spec).required(),
                                group("status", MessageOf<M>("ServiceEntryStatus", status).open()),
                            });
}

}  // namespace sluice::source
