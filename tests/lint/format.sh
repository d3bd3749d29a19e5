#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fails when a source is not formatted; `./dev fmt` mends it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
tests/lint/sources.py --cxx --null | xargs -0 clang-format-19 --dry-run --Werror
