// SPDX-License-Identifier: Apache-2.0
// The skeleton of match/match.bpf.c, which needs the types of its variables before it.
#pragma once

// clang-format off
#include "tests/bpf/match/match_request.h"
#include <match_program.skel.h>
// clang-format on
