// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::http2 {

/// Bytes of a field section, counted as RFC 9113 §6.5.2 has it: 32 more for each field.
inline constexpr size_t kMaxFieldSectionBytes = 64 * 1024;

/// How the body of a message follows once it is written as HTTP/1.1.
enum class Framing : uint8_t { kNone, kLength, kChunked };

/// The fields of one HEADERS block, as they come, on their way to a head of HTTP/1.1. Expects what
/// nghttp2 lets through: names and values that are valid by RFC 9113 §8.2, pseudo-header fields
/// first and once.
class ReceivedHead {
 public:
  void add(std::string_view name, std::string_view value);
  /// As new, with the memory of heads of the usual size.
  void clear();

  /// More than kMaxFieldSectionBytes: what came since is not kept.
  bool tooLarge() const { return size_ > kMaxFieldSectionBytes; }
  std::string_view method() const { return method_; }
  std::string_view path() const { return path_; }
  std::string_view authority() const { return authority_.empty() ? host_ : authority_; }
  /// 0: there is no :status, which makes it no response's head.
  int status() const { return status_; }

  /// Appends a request's head and tells how its body follows. `ended`: none does. False, and
  /// nothing is appended, for a :path that would mean something else in HTTP/1.1.
  [[nodiscard]] bool appendRequest(bool ended, std::string& out, Framing& framing) const;
  /// The same of a response's. `bodiless`: the request was HEAD.
  void appendResponse(bool ended, bool bodiless, std::string& out, Framing& framing) const;
  /// Appends the lines of a trailer section.
  void appendTrailers(std::string& out) const { out.append(fields_); }

 private:
  /// Bytes of fields that are worth keeping the memory for.
  static constexpr size_t kUsualBytes = 1024;

  void addPseudo(std::string_view name, std::string_view value);
  void addRegular(std::string_view name, std::string_view value);
  void addFraming(bool ended, std::string& out, Framing& framing) const;

  std::string method_, path_, authority_, host_, cookie_, content_length_;
  std::string fields_;  ///< as lines
  size_t size_ = 0;
  int status_ = 0;
  bool grpc_ = false;
  bool te_trailers_ = false;
};

}  // namespace sluice::http2
