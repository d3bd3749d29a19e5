// SPDX-License-Identifier: Apache-2.0
// Analyses YAML that is written in a test.
#pragma once

#include <string>
#include <vector>

#include "userspace/analysis/analyze.h"

namespace sluice::analysis {

inline Analysis analyzed(const std::string& yaml, FileOptions options = {}) {
  return analyzeFiles({{"t.yaml", yaml, {}}}, std::move(options));
}

/// "IST0101 VirtualService/shop/catalog spec.http[0].route[0].destination.host", in the order of
/// the file. Only of codes that begin with `prefix`.
inline std::vector<std::string> findings(const std::string& yaml, const std::string& prefix = "",
                                         const FileOptions& options = {}) {
  std::vector<std::string> lines;
  for (const Diagnostic& d : analyzed(yaml, options).diagnostics) {
    if (!d.code.starts_with(prefix)) continue;
    std::string line = d.code;
    if (!d.resource.empty()) line += " " + d.resource;
    if (!d.field.empty()) line += " " + d.field;
    lines.push_back(line);
  }
  return lines;
}

/// What the first finding of `code` says, and what it hints at, behind " / ".
inline std::string sayingOf(const std::string& yaml, const std::string& code) {
  for (const Diagnostic& d : analyzed(yaml).diagnostics) {
    if (d.code == code) return d.message + " / " + d.hint;
  }
  return "nothing";
}

// Resources that many tests need. Each begins a document.

inline std::string service(const std::string& name, const std::string& in = "shop",
                           const std::string& ports = "{name: http, port: 80}",
                           const std::string& annotations = "") {
  return "---\napiVersion: v1\nkind: Service\nmetadata: {name: " + name + ", namespace: " + in +
         ", annotations: {" + annotations + "}}\nspec: {selector: {app: " + name + "}, ports: [" +
         ports + "]}\n";
}

inline std::string pod(const std::string& name, const std::string& labels,
                       const std::string& in = "shop", const std::string& spec = "") {
  return "---\napiVersion: v1\nkind: Pod\nmetadata: {name: " + name + ", namespace: " + in +
         ", labels: {" + labels + "}}\nspec: {" + spec + "}\n";
}

inline std::string istio(const std::string& kind, const std::string& name, const std::string& in,
                         const std::string& spec, const std::string& annotations = "") {
  return "---\napiVersion: networking.istio.io/v1\nkind: " + kind + "\nmetadata: {name: " + name +
         ", namespace: " + in + ", annotations: {" + annotations + "}}\nspec: {" + spec + "}\n";
}

inline std::string virtualService(const std::string& name, const std::string& spec,
                                  const std::string& in = "shop",
                                  const std::string& annotations = "") {
  return istio("VirtualService", name, in, spec, annotations);
}

inline std::string destinationRule(const std::string& name, const std::string& spec,
                                   const std::string& in = "shop") {
  return istio("DestinationRule", name, in, spec);
}

inline std::string serviceEntry(const std::string& name, const std::string& spec,
                                const std::string& in = "shop") {
  return istio("ServiceEntry", name, in, spec);
}

}  // namespace sluice::analysis
