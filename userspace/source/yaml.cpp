// SPDX-License-Identifier: Apache-2.0
// The only file that sees yaml-cpp and its exceptions.
#include "userspace/source/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <istream>
#include <streambuf>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "userspace/source/codes.h"
#include "userspace/source/limits.h"
#include "userspace/source/scalar.h"
#include "userspace/source/utf8.h"

namespace sluice::source {
namespace {

Place placeOf(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

/// Makes nodes of yaml-cpp's events. A finding leaves the parser as an exception, the only way
/// out of it; parseYaml() catches it.
class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::string_view text) : text_(text) {}

  YamlNodePtr takeDocument() {
    if (document_) nodes_before_ += document_->nodes;
    return std::exchange(document_, nullptr);
  }

  /// When all documents have been taken.
  void checkAliases() const {
    if (expanded_ <= kFreeExpansion + kMaxExpansion * written_) return;
    throw YamlError{code::kLimit, first_alias_,
                    fmt::format("aliases make the file more than {} times as large", kMaxExpansion),
                    "write out what they stand for, or split the file"};
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    // At a token that can start nothing, such as a comma after "...", yaml-cpp 0.7 makes empty
    // documents for ever.
    if (mark.pos <= last_start_) {
      throw YamlError{code::kYaml, placeOf(mark), "no document can start here",
                      "separate documents by a line ---"};
    }
    last_start_ = mark.pos;
    open_.clear();
    anchors_.clear();
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(newNode(YamlNode::Kind::kNull, mark), anchor, 1);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    last_scalar_ = static_cast<size_t>(mark.pos);
    auto node = newNode(YamlNode::Kind::kScalar, mark);
    // Of "\N" and "\_" yaml-cpp makes the byte of that number, not the character.
    node->text = withBytesAsCharacters(value);
    // yaml-cpp says "?" for a plain scalar and "!" for a quoted one.
    node->quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
    if (!node->quoted) refuseTag(tag, mark);
    countWritten(value.size());
    add(std::move(node), anchor, 1 + value.size());
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      throw YamlError{code::kYaml, placeOf(mark), "an alias stands inside its own anchor", {}};
    }
    if (first_alias_.line == 0) first_alias_ = placeOf(mark);
    ++written_;
    expanded_ += found->second.weight;
    attach(found->second.node, placeOf(mark));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    begin(YamlNode::Kind::kSequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { end(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    begin(YamlNode::Kind::kMap, mark, tag, anchor);
  }
  void OnMapEnd() override { end(); }

 private:
  /// A sequence or mapping whose end has not been seen.
  struct Open {
    std::shared_ptr<YamlNode> node;
    YAML::anchor_t anchor;
    YamlNodePtr key;  ///< mappings: waits for its value
    std::unordered_set<std::string_view> keys;
    uint64_t expanded_before;
  };

  /// What an alias stands for.
  struct Anchored {
    YamlNodePtr node;
    uint64_t weight;  ///< what it adds to expanded_
  };

  void countWritten(uint64_t weight) {
    written_ += weight;
    expanded_ += weight;
  }

  std::shared_ptr<YamlNode> newNode(YamlNode::Kind kind, const YAML::Mark& mark) {
    countWritten(1);
    auto node = std::make_shared<YamlNode>();
    node->kind = kind;
    node->place = placeOf(mark);
    return node;
  }

  static void refuseTag(const std::string& tag, const YAML::Mark& mark) {
    if (tag.empty() || tag == "?") return;
    throw YamlError{code::kYaml, placeOf(mark), fmt::format("tag \"{}\" is not supported", tag),
                    "remove the tag; values are typed by how they are written"};
  }

  void begin(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
             YAML::anchor_t anchor) {
    refuseTag(tag == "!" ? std::string() : tag, mark);
    if (open_.size() >= kMaxDepth) tooDeep(placeOf(mark));
    const uint64_t expanded_before = expanded_;
    open_.push_back({newNode(kind, mark), anchor, nullptr, {}, expanded_before});
    open_.back().node->height = 1;
  }

  void end() {
    Open closed = std::move(open_.back());
    open_.pop_back();
    if (isScalarWithColon(*closed.node)) closed.node = scalarWithColon(*closed.node);
    add(std::move(closed.node), closed.anchor, expanded_ - closed.expanded_before);
  }

  /// In `[fd00::]` yaml-cpp sees a mapping, `{"fd00:": null}`. To Kubernetes' reader a colon ends
  /// a key only before a blank.
  bool isScalarWithColon(const YamlNode& map) const {
    if (open_.empty() || !open_.back().node->isSequence() || map.entries.size() != 1) return false;
    const auto& [key, value] = map.entries.front();
    if (!value->isNull() || key->quoted) return false;
    // The key is the last scalar there was.
    const std::string_view rest = text_.substr(std::min(last_scalar_, text_.size()));
    if (!rest.starts_with(key->text) || rest.size() < key->text.size() + 2) return false;
    const std::string_view end = rest.substr(key->text.size(), 2);
    return end == ":]" || end == ":,";
  }

  static std::shared_ptr<YamlNode> scalarWithColon(const YamlNode& map) {
    auto scalar = std::make_shared<YamlNode>(*map.entries.front().first);
    scalar->text += ':';
    return scalar;
  }

  void add(std::shared_ptr<YamlNode> node, YAML::anchor_t anchor, uint64_t weight) {
    const Place place = node->place;
    YamlNodePtr shared = std::move(node);
    if (anchor != 0) anchors_[anchor] = {shared, weight};
    attach(std::move(shared), place);
  }

  /// `place`: where `node` is used, which for an alias is not where it stands.
  void attach(YamlNodePtr node, Place place) {
    if (open_.empty()) {
      document_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    count(*parent.node, *node, place);
    if (parent.node->isSequence()) {
      parent.node->items.push_back(std::move(node));
    } else if (!parent.key) {
      parent.key = checkedKey(parent, asKey(std::move(node), place), place);
    } else {
      parent.node->entries.emplace_back(std::exchange(parent.key, nullptr), std::move(node));
    }
  }

  void count(YamlNode& parent, const YamlNode& child, Place place) const {
    parent.nodes += child.nodes;
    parent.repeats_keys_in = parent.repeats_keys_in || child.repeats_keys_in;
    parent.height = std::max(parent.height, child.height + 1);
    if (open_.size() + child.height > kMaxDepth) tooDeep(place);
    if (nodes_before_ + parent.nodes > kMaxNodes) {
      throw YamlError{code::kLimit, place,
                      fmt::format("the file has more than {} values", kMaxNodes),
                      "split it, or use fewer aliases"};
    }
  }

  static YamlNodePtr asKey(YamlNodePtr node, Place place) {
    if (node->kind != YamlNode::Kind::kScalar) {
      throw YamlError{code::kYaml, place, "a key must be a plain or quoted word", {}};
    }
    if (node->quoted) return node;
    auto text = keyText(node->text);
    if (text == node->text) return node;
    auto key = std::make_shared<YamlNode>(*node);
    key->text = std::move(text);
    return key;
  }

  static YamlNodePtr checkedKey(Open& map, YamlNodePtr key, Place place) {
    if (key->text == "<<" && !key->quoted) {
      throw YamlError{code::kYaml, place, "merge keys (<<) are not supported",
                      "write the fields out"};
    }
    if (!map.keys.insert(key->text).second) {
      map.node->repeats_a_key = true;
      map.node->repeats_keys_in = true;
    }
    return key;
  }

  [[noreturn]] static void tooDeep(Place place) {
    throw YamlError{code::kLimit,
                    place,
                    fmt::format("the document is nested more than {} levels deep", kMaxDepth),
                    {}};
  }

  std::string_view text_;
  YamlNodePtr document_;
  uint64_t nodes_before_ = 0;  ///< of the file's earlier documents
  uint64_t written_ = 0;   ///< nodes and bytes of scalars that the file has, an alias counting 1
  uint64_t expanded_ = 0;  ///< the same with aliases written out
  Place first_alias_;
  size_t last_scalar_ = 0;  ///< where it begins, in bytes
  int last_start_ = -1;     ///< of the last document, in bytes
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, Anchored> anchors_;
};

/// Lets yaml-cpp read a string_view without a copy of the text.
class ViewBuffer final : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    // streambuf wants char*; nothing here writes through it.
    char* begin = const_cast<char*>(text.data());
    setg(begin, begin, begin + text.size());
  }
};

std::string_view withoutByteOrderMark(std::string_view text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  return text.starts_with(kMark) ? text.substr(kMark.size()) : text;
}

Documents readDocuments(std::string_view text) {
  ViewBuffer buffer(text);
  std::istream stream(&buffer);
  YAML::Parser parser(stream);
  TreeBuilder builder(text);
  Documents documents;
  while (parser.HandleNextDocument(builder)) {
    auto document = builder.takeDocument();
    if (!document || document->isNull()) continue;
    if (documents.size() == kMaxDocuments) {
      throw YamlError{code::kLimit, document->place,
                      fmt::format("the file has more than {} documents", kMaxDocuments),
                      "split the file"};
    }
    documents.push_back(std::move(document));
  }
  builder.checkAliases();
  return documents;
}

}  // namespace

std::variant<Documents, YamlError> parseYaml(std::string_view text) {
  if (text.size() > kMaxFileBytes) {
    return YamlError{code::kLimit,
                     {},
                     fmt::format("the file is larger than {} MiB", kMaxFileBytes >> 20),
                     "split the file"};
  }
  if (const auto bad = findIllegalUtf8(text)) {
    return YamlError{code::kYaml, *bad, "the file is not UTF-8 text",
                     "save it as UTF-8, without control characters"};
  }
  try {
    return readDocuments(withoutByteOrderMark(text));
  } catch (const YamlError& error) {
    return error;
  } catch (const YAML::Exception& error) {
    return YamlError{code::kYaml, placeOf(error.mark), error.msg, {}};
  }
}

}  // namespace sluice::source
