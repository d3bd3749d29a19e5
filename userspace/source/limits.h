// SPDX-License-Identifier: Apache-2.0
// How much a file may ask of us. Files are untrusted: each limit is checked while reading, so that
// a hostile file is refused at once and not after it has filled the memory.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sluice::source {

/// yaml-cpp 0.7 reads a whole flow collection ahead before it reports its first bracket, so only
/// the size bounds the cost of "[[[[…": half a second and 500 MiB for a file of this size.
inline constexpr size_t kMaxFileBytes = size_t{2} << 20;
inline constexpr size_t kMaxDocuments = 10'000;
/// Mappings and sequences inside each other. Istio's deepest field is 14 levels down.
inline constexpr uint32_t kMaxDepth = 32;
/// Scalars, sequences and mappings of one document, each alias counted as often as it is used.
inline constexpr uint64_t kMaxNodes = 500'000;
/// Files of one directory.
inline constexpr size_t kMaxFiles = 10'000;
/// Findings that are kept of one resource; more of them help nobody.
inline constexpr size_t kMaxDiagnostics = 100;
/// Istio: validateStringRegexp.
inline constexpr size_t kMaxRegexLength = 1024;
/// Of the programs of all regular expressions of a file: two seconds of compiling.
inline constexpr uint64_t kMaxRegexInstructions = 8'000'000;

}  // namespace sluice::source
