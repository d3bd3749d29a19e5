// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace sluice {

/// SLUICE_SCHEMA, which no other source of the userspace names: a program that is linked with
/// another definition than schema.cpp is another version of sluiced (tests/support/other_version).
extern const uint32_t kSchema;

}  // namespace sluice
