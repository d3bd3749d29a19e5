// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/document.h"

#include <fmt/format.h>

#include <utility>

#include "userspace/source/codes.h"
#include "userspace/source/kinds.h"
#include "userspace/source/scalar.h"
#include "userspace/source/yaml.h"

namespace sluice::source {
namespace {

/// The string under `key`; null when it is absent or something else.
const std::string* stringAt(const YamlNode& node, std::string_view key) {
  const YamlNode* value = node.find(key);
  if (value == nullptr || value->kind != YamlNode::Kind::kScalar) return nullptr;
  return scalarType(*value) == ScalarType::kString ? &value->text : nullptr;
}

/// What a List says for items that do not say it themselves.
struct Inherited {
  std::string api_version;
  std::string kind;
};

class FileDecoder {
 public:
  FileDecoder(const SourceFile& file, LabelPool& pool) : file_(file), pool_(pool) {}

  DecodedFile decode() {
    auto parsed = parseYaml(file_.text);
    if (const auto* error = std::get_if<YamlError>(&parsed)) {
      result_.readable = false;
      fileError(error->code, error->place, error->message, error->hint);
      return std::move(result_);
    }
    for (const auto& document : std::get<Documents>(parsed)) decode(*document, {});
    result_.documents.shrink_to_fit();
    return std::move(result_);
  }

 private:
  void decode(const YamlNode& node, const Inherited& inherited) {
    if (!node.isMap()) {
      return fileError(code::kWrongType, node.place,
                       fmt::format("a resource must be a mapping, is {}", describeValue(node)), {});
    }
    const std::string* api_version = stringAt(node, "apiVersion");
    const std::string* kind = stringAt(node, "kind");
    if (api_version == nullptr) api_version = &inherited.api_version;
    if (kind == nullptr) kind = &inherited.kind;
    if (api_version->empty() || kind->empty()) {
      return fileError(code::kWrongType, node.place, "a resource needs apiVersion and kind", {});
    }
    if (kind->ends_with("List") && node.find("items") != nullptr) {
      return decodeList(node, *api_version, *kind);
    }
    if (const Kind* known = findKind(*api_version, *kind)) return decodeKind(node, *known);
    skip(node, *api_version, *kind);
  }

  /// `kind: List`, whose items are anything, and `VirtualServiceList`, whose items need not say
  /// what they are.
  void decodeList(const YamlNode& node, const std::string& api_version, const std::string& kind) {
    const YamlNode& items = *node.find("items");
    if (isNullValue(items)) return;
    if (!items.isSequence()) {
      return fileError(code::kWrongType, items.place,
                       fmt::format("items must be a list, is {}", describeValue(items)), {});
    }
    Inherited inherited;
    if (kind != "List") inherited = {api_version, kind.substr(0, kind.size() - 4)};
    for (const auto& item : items.items) decode(*item, inherited);
  }

  void decodeKind(const YamlNode& node, const Kind& kind) {
    const auto id = identify(node, kind);
    if (!id) return;
    const auto position = positionOf(node.place);
    Findings findings(name_, &node, &regexes_);
    findings.setResource(id->text());
    auto resource = kind.decode(node, position, pool_, findings);
    result_.documents.emplace_back(kind, std::move(resource),
                                   Document::Remarks{*id, position, findings.take()});
  }

  /// Before anything else is read: whose last good version stays when the rest is wrong?
  std::optional<ResourceId> identify(const YamlNode& node, const Kind& kind) {
    const YamlNode* metadata = node.find("metadata");
    const std::string* name = metadata == nullptr ? nullptr : stringAt(*metadata, "name");
    if (name == nullptr || name->empty()) {
      fileError(code::kWrongType, metadata == nullptr ? node.place : metadata->place,
                fmt::format("this {} has no name", kind.name), "set metadata.name to a string");
      return std::nullopt;
    }
    if (!kind.in_namespace) return ResourceId{std::string(kind.name), "", *name};
    const YamlNode* written = metadata->find("namespace");
    const bool absent = written == nullptr || isNullValue(*written);
    const std::string* in = absent ? &default_namespace_ : stringAt(*metadata, "namespace");
    if (in == nullptr) {
      fileError(code::kWrongType, written->place,
                fmt::format("metadata.namespace must be a string, is {}", describeValue(*written)),
                "quote it");
      return std::nullopt;
    }
    return ResourceId{std::string(kind.name), *in, *name};
  }

  void skip(const YamlNode& node, const std::string& api_version, const std::string& kind) {
    result_.diagnostics.push_back({code::kUnknownKind, Diagnostic::Level::kInfo, "",
                                   positionOf(node.place), "",
                                   fmt::format("{} {} is nothing that Sluice reads; skipped",
                                               api_version.substr(0, 100), kind.substr(0, 100)),
                                   ""});
  }

  void fileError(const char* code, Place place, std::string message, std::string hint) {
    result_.complete = false;
    result_.diagnostics.push_back({code, Diagnostic::Level::kError, "", positionOf(place), "",
                                   std::move(message), std::move(hint)});
  }

  Position positionOf(Place place) const { return {name_, place.line, place.column}; }

  const SourceFile& file_;
  LabelPool& pool_;
  const SharedText name_{file_.name};
  const std::string default_namespace_ = Metadata().namespace_;
  DecodedFile result_;
  RegexBudget regexes_;
};

DecodedFile unreadable(const SourceFile& file) {
  DecodedFile result;
  result.complete = false;
  result.readable = false;
  Diagnostic found;
  found.code = code::kUnreadable;
  found.position.file = file.name;
  found.message = file.unreadable->message();
  found.hint = file.unreadable->hint();
  result.diagnostics.push_back(std::move(found));
  return result;
}

}  // namespace

Document::Document(const Kind& kind, std::optional<Resource> resource, Remarks remarks)
    : kind_(&kind), resource_(std::move(resource)) {
  if (!resource_ || !remarks.diagnostics.empty())
    remarks_ = std::make_unique<const Remarks>(std::move(remarks));
}

ResourceId Document::id() const { return remarks_ ? remarks_->id : idOf(*resource_); }

const Position& Document::position() const {
  return remarks_ ? remarks_->position : metadataOf(*resource_).position;
}

const Diagnostics& Document::diagnostics() const {
  static const Diagnostics kNone;
  return remarks_ ? remarks_->diagnostics : kNone;
}

ResourceId Document::claim() const {
  return kind_->is_single ? ResourceId{std::string(kind_->name), "", ""} : id();
}

DecodedFile decodeFile(const SourceFile& file, LabelPool& pool) {
  return file.unreadable ? unreadable(file) : FileDecoder(file, pool).decode();
}

DecodedFile decodeFile(const SourceFile& file) {
  LabelPool pool;
  return decodeFile(file, pool);
}

}  // namespace sluice::source
