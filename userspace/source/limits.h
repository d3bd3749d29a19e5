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
/// Scalars, sequences and mappings of one file, each alias counted as often as it is used. Of a
/// file without aliases the size is reached first, unless it is all brackets and commas.
inline constexpr uint64_t kMaxNodes = 500'000;
/// A file with its aliases written out, counted in values and bytes of scalars, may be so many
/// times what it is, and a little in any case: an alias of four bytes may stand for a megabyte, and
/// a directory of small files for more than the memory.
inline constexpr uint64_t kMaxExpansion = 8;
inline constexpr uint64_t kFreeExpansion = uint64_t{64} << 10;
/// Files of one directory, and what they may have together. A mesh of 10,000 services with 100,000
/// endpoints has some 40 MiB.
inline constexpr size_t kMaxFiles = 10'000;
inline constexpr size_t kMaxDirectoryBytes = size_t{256} << 20;
/// What one resource may multiply to. Each host of a VirtualService has its conditions and
/// destinations; each host and port of a ServiceEntry, and each port of an EndpointSlice, has its
/// endpoints or addresses.
inline constexpr uint64_t kMaxHostRules = 200'000;
inline constexpr uint64_t kMaxEntryEndpoints = 131'072;
/// Findings that are kept of one resource; more of them help nobody.
inline constexpr size_t kMaxDiagnostics = 100;
/// Istio: validateStringRegexp.
inline constexpr size_t kMaxRegexLength = 1024;
/// Of the programs of all regular expressions of a file: two seconds of compiling.
inline constexpr uint64_t kMaxRegexInstructions = 8'000'000;

}  // namespace sluice::source
