// SPDX-License-Identifier: Apache-2.0
// The structs of maps/abi as the kernel's programs were compiled with them, from the types (BTF)
// of the built object, against those of this compiler.
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "maps/tables.hpp"

namespace sluice {
namespace {

struct Field {
  const char* name;
  size_t offset;
};

struct Struct {
  const char* name;
  size_t size;
  std::vector<Field> fields;
};

#define FIELD(type, name) {#name, offsetof(struct type, name)}

std::vector<Struct> structs() {
  return {
      {"workload_ref", sizeof(workload_ref), {FIELD(workload_ref, id)}},
      {"workload",
       sizeof(workload),
       {FIELD(workload, netns_cookie), FIELD(workload, client_class), FIELD(workload, listener4),
        FIELD(workload, listener6), FIELD(workload, alive), FIELD(workload, pad),
        FIELD(workload, flags), FIELD(workload, address4), FIELD(workload, address6)}},
      {"service_key",
       sizeof(service_key),
       {FIELD(service_key, address), FIELD(service_key, port), FIELD(service_key, protocol),
        FIELD(service_key, pad)}},
      {"service", sizeof(service), {FIELD(service, id), FIELD(service, binding)}},
      {"exception_key",
       sizeof(exception_key),
       {FIELD(exception_key, service), FIELD(exception_key, client_class)}},
      {"binding", sizeof(binding), {FIELD(binding, route), FIELD(binding, shape)}},
      {"route",
       sizeof(route),
       {FIELD(route, via), FIELD(route, flags), FIELD(route, pad), FIELD(route, service),
        FIELD(route, client_class), FIELD(route, first_slot), FIELD(route, slot_count),
        FIELD(route, fallback)}},
      {"alias_slot",
       sizeof(alias_slot),
       {FIELD(alias_slot, threshold), FIELD(alias_slot, own), FIELD(alias_slot, alias)}},
      {"cluster_ref",
       sizeof(cluster_ref),
       {FIELD(cluster_ref, first_slot), FIELD(cluster_ref, shape)}},
      {"endpoint",
       sizeof(endpoint),
       {FIELD(endpoint, address), FIELD(endpoint, port), FIELD(endpoint, pad),
        FIELD(endpoint, flags)}},
      {"endpoint_load",
       sizeof(endpoint_load),
       {FIELD(endpoint_load, connections), FIELD(endpoint_load, requests)}},
      {"connection_stats",
       sizeof(connection_stats),
       {FIELD(connection_stats, opened), FIELD(connection_stats, established),
        FIELD(connection_stats, failed), FIELD(connection_stats, closed),
        FIELD(connection_stats, sent_bytes), FIELD(connection_stats, received_bytes),
        FIELD(connection_stats, given_up), FIELD(connection_stats, reset)}},
      {"request_stats",
       sizeof(request_stats),
       {FIELD(request_stats, requests), FIELD(request_stats, responses),
        FIELD(request_stats, upstream_connections)}},
      {"connection",
       sizeof(connection),
       {FIELD(connection, address), FIELD(connection, port), FIELD(connection, reason),
        FIELD(connection, flags), FIELD(connection, workload), FIELD(connection, service),
        FIELD(connection, binding), FIELD(connection, route), FIELD(connection, cluster),
        FIELD(connection, endpoint), FIELD(connection, edition), FIELD(connection, opened_ns)}},
      {"origdst_key",
       sizeof(origdst_key),
       {FIELD(origdst_key, workload), FIELD(origdst_key, client), FIELD(origdst_key, client_port),
        FIELD(origdst_key, listener_port), FIELD(origdst_key, pad)}},
      {"origdst",
       sizeof(origdst),
       {FIELD(origdst, address), FIELD(origdst, port), FIELD(origdst, pad),
        FIELD(origdst, service)}},
      {"name_key", sizeof(name_key), {FIELD(name_key, kind), FIELD(name_key, id)}},
      {"name", sizeof(name), {FIELD(name, hash), FIELD(name, generation), FIELD(name, text)}},
      {"failure_key",
       sizeof(failure_key),
       {FIELD(failure_key, site), FIELD(failure_key, line), FIELD(failure_key, error)}},
      {"failure", sizeof(failure), {FIELD(failure, count), FIELD(failure, last_ns)}},
      {"control",
       sizeof(control),
       {FIELD(control, schema), FIELD(control, sample), FIELD(control, heartbeat_ns),
        FIELD(control, revision), FIELD(control, edition), FIELD(control, pad)}},
  };
}

struct Close {
  void operator()(bpf_object* object) const { bpf_object__close(object); }
};

class Abi : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(object_) << BPF_OBJECT; }

  std::unique_ptr<bpf_object, Close> object_{bpf_object__open_file(BPF_OBJECT, nullptr)};
};

TEST_F(Abi, StructsAreTheSameOnBothSides) {
  const btf* types = bpf_object__btf(object_.get());
  for (const auto& expected : structs()) {
    SCOPED_TRACE(expected.name);
    const int id = btf__find_by_name_kind(types, expected.name, BTF_KIND_STRUCT);
    ASSERT_GT(id, 0);
    const btf_type* type = btf__type_by_id(types, static_cast<uint32_t>(id));
    EXPECT_EQ(type->size, expected.size);
    ASSERT_EQ(btf_vlen(type), expected.fields.size());
    for (uint32_t i = 0; i < expected.fields.size(); ++i) {
      EXPECT_STREQ(btf__name_by_offset(types, btf_members(type)[i].name_off),
                   expected.fields[i].name);
      EXPECT_EQ(btf_member_bit_offset(type, i), expected.fields[i].offset * 8);
    }
  }
}

TEST_F(Abi, MapsHaveTheKeysValuesAndCapacitiesOfTheTables) {
  const auto check = [&](std::string_view name, size_t key, size_t value, uint32_t entries) {
    SCOPED_TRACE(name);
    const bpf_map* map = bpf_object__find_map_by_name(object_.get(), std::string(name).c_str());
    ASSERT_NE(map, nullptr);
    EXPECT_EQ(bpf_map__key_size(map), key);
    EXPECT_EQ(bpf_map__value_size(map), value);
    EXPECT_EQ(bpf_map__max_entries(map), entries);
  };
#define TABLE(Name, bpf_name, Key, Value, entries) \
  check(#bpf_name, sizeof(Key), sizeof(Value), entries);
#include "maps/abi/tables.def"
#undef TABLE
}

TEST_F(Abi, TheStorageOfAttachmentsIsFrozen) {
  const bpf_map* map = bpf_object__find_map_by_name(object_.get(), "workload");
  ASSERT_NE(map, nullptr);
  EXPECT_EQ(bpf_map__type(map), BPF_MAP_TYPE_CGROUP_STORAGE);
  EXPECT_EQ(bpf_map__key_size(map), 8U);
  EXPECT_EQ(bpf_map__value_size(map), 8U);
}

}  // namespace
}  // namespace sluice
