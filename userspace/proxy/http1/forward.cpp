// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/http1/forward.h"

#include "userspace/proxy/http1/chars.h"

namespace sluice::http1 {

namespace {

constexpr std::string_view kOwnVersion = "HTTP/1.1";

/// Does some Connection field name `name`?
bool isConnectionOption(const HeaderList& headers, std::string_view name) {
  for (const Header& header : headers.all()) {
    if (!equalsIgnoringCase(header.name, "connection")) continue;
    const bool absent = eachElement(header.value, [&](std::string_view option) {
      if (option.size() != name.size()) return true;
      for (size_t i = 0; i < name.size(); ++i) {
        if (lower(option[i]) != lower(name[i])) return true;
      }
      return false;
    });
    if (!absent) return true;
  }
  return false;
}

bool isNamed(const Header& header, std::string_view lower_case) {
  return equalsIgnoringCase(header.name, lower_case);
}

void appendHost(std::string_view host, std::string& out) {
  out.append("Host: ").append(host).append("\r\n");
}

}  // namespace

std::string_view connectionLine(const Fields& fields) {
  if (fields.upgrade && fields.te_trailers) return "Connection: upgrade, TE\r\n";
  if (fields.upgrade) return "Connection: upgrade\r\n";
  return fields.te_trailers ? "Connection: TE\r\n" : "";
}

std::string_view headerLine(const HeaderList& headers, size_t index, std::string_view head) {
  const char* const begin = headers[index].name.data();
  const char* const end =
      index + 1 < headers.size() ? headers[index + 1].name.data() : head.data() + head.size() - 2;
  return {begin, static_cast<size_t>(end - begin)};
}

bool isHopByHop(const Fields& fields, size_t index, bool keep_upgrade) {
  if (!fields.hop_by_hop) return false;
  const Header& header = fields.headers[index];
  if (isNamed(header, "upgrade")) return !keep_upgrade;
  if (isNamed(header, "te")) return !fields.te_trailers;
  // The framing goes on as it came: its chunks are passed on, not made anew.
  if (isNamed(header, "transfer-encoding")) return false;
  return isNamed(header, "connection") || isNamed(header, "keep-alive") ||
         isNamed(header, "proxy-connection") || isNamed(header, "http2-settings") ||
         isConnectionOption(fields.headers, header.name);
}

bool rewriteRequest(const RequestHead& head, std::string_view head_bytes,
                    std::string_view default_host, std::string& out) {
  const Fields& fields = head.fields;
  const bool absolute = head.form == TargetForm::kAbsolute;
  if (head.minor_version == 1 && !absolute && !fields.hop_by_hop) return false;

  out.assign(head.method).append(" ").append(head.path).append(" ").append(kOwnVersion);
  out.append("\r\n");
  if (absolute) appendHost(head.authority, out);
  if (!absolute && fields.hosts == 0) appendHost(default_host, out);
  for (size_t i = 0; i < fields.headers.size(); ++i) {
    if (isHopByHop(fields, i, fields.upgrade)) continue;
    if (absolute && isNamed(fields.headers[i], "host")) continue;
    out.append(headerLine(fields.headers, i, head_bytes));
  }
  out.append(connectionLine(fields)).append("\r\n");
  return true;
}

bool rewriteResponse(const ResponseHead& head, std::string_view head_bytes,
                     const ResponseChange& change, std::string& out) {
  const Fields& fields = head.fields;
  const bool unchunk = change.unchunk && fields.chunked;
  if (head.minor_version == 1 && !fields.hop_by_hop && !change.close && !unchunk) return false;

  // RFC 9110 §15.5.22: 426 must tell which protocols; §15.2.2: so must 101.
  const bool keep_upgrade = fields.upgrade && (head.status == 101 || head.status == 426);
  const size_t version_size = head.version.size();
  const size_t fields_start =
      fields.headers.size() > 0
          ? static_cast<size_t>(fields.headers[0].name.data() - head_bytes.data())
          : head_bytes.size() - 2;
  out.assign(kOwnVersion).append(head_bytes.substr(version_size, fields_start - version_size));
  for (size_t i = 0; i < fields.headers.size(); ++i) {
    if (isHopByHop(fields, i, keep_upgrade)) continue;
    const Header& header = fields.headers[i];
    if (unchunk && (isNamed(header, "transfer-encoding") || isNamed(header, "trailer"))) continue;
    out.append(headerLine(fields.headers, i, head_bytes));
  }
  if (keep_upgrade) out.append("Connection: upgrade\r\n");
  if (change.close) out.append("Connection: close\r\n");
  out.append("\r\n");
  return true;
}

}  // namespace sluice::http1
