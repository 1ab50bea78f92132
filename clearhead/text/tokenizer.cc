// The parts of a tokenizer at work, one after the other.
#include "clearhead/text/tokenizer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <unordered_map>

#include "clearhead/base/encoding.h"
#include "clearhead/base/error.h"
#include "clearhead/text/byte_spelling.h"
#include "clearhead/text/tokenizer_parts_internal.h"
#include "clearhead/text/utf8.h"

namespace clearhead {
namespace {

void check_id(const Tokenizer& tokenizer, std::int64_t id) {
  if (id >= 0 && id < tokenizer.size()) return;
  throw Error(fmt::format("tokenizer: expected ids 0 to {}, got {}", tokenizer.size() - 1, id));
}

// The token as the file spells it; empty if the id has none.
const std::string& spelling(const TokenizerParts& parts, std::int64_t id) {
  static const std::string kNone;
  if (const AddedToken* added = parts.added.find(id)) return added->name;
  const std::vector<std::string>& tokens = parts.model->tokens();
  return id < std::ssize(tokens) ? tokens[static_cast<std::size_t>(id)] : kNone;
}

void check_utf8(const Tokenizer& tokenizer, std::string_view text) {
  if (tokenizer.takes_bytes()) return;
  const std::size_t at = find_invalid_utf8(text);
  if (at >= text.size()) return;
  throw Error(
      fmt::format("tokenizer: byte {} of the text: expected UTF-8, got the byte 0x{:02X}; "
                  "convert the text, or replace such bytes",
                  at, static_cast<unsigned char>(text[at])));
}

// Calls visit_text(pieces) for all that stands between added tokens, and visit_added(id, range) for
// these; the ranges are those of the original.
class Division {
 public:
  using TextVisitor = std::function<void(const Pieces& pieces)>;
  using AddedVisitor = std::function<void(std::int64_t id, TextRange range)>;

  Division(const TokenizerParts& parts, bool keep_origins, TextVisitor visit_text,
           AddedVisitor visit_added)
      : parts_(parts),
        keep_origins_(keep_origins),
        visit_text_(std::move(visit_text)),
        visit_added_(std::move(visit_added)) {}

  void run(std::string_view original) const {
    for (const TextPart& part : parts_.added.split(original, false)) {
      if (part.added >= 0) {
        visit_added_(part.added, part.range);
        continue;
      }
      AlignedText text(original, part.range, keep_origins_);
      if (parts_.normalizer != nullptr) parts_.normalizer->apply(text);
      run_normalized(std::move(text));
    }
  }

 private:
  void run_normalized(AlignedText text) const {
    const std::vector<TextPart> parts = parts_.added.split(text.text(), true);
    if (parts.size() == 1 && parts[0].added < 0) return run_text(std::move(text));
    for (const TextPart& part : parts) {
      if (part.added < 0) {
        run_text(text.part(part.range));
      } else {
        visit_added_(part.added, keep_origins_ ? text.origin(part.range) : TextRange{});
      }
    }
  }

  void run_text(AlignedText text) const {
    const std::size_t size = text.text().size();
    Pieces pieces{std::move(text), {{0, size}}};
    if (parts_.pre_tokenizer != nullptr) parts_.pre_tokenizer->apply(pieces);
    visit_text_(pieces);
  }

  const TokenizerParts& parts_;
  bool keep_origins_;
  TextVisitor visit_text_;
  AddedVisitor visit_added_;
};

// A text before its post-processor.
Encoding encoding_of(const TokenizerParts& parts, std::string_view text, std::int64_t type,
                     bool keep_origins) {
  Encoding encoding;
  std::vector<PlacedToken> tokens;
  const auto visit_text = [&](const Pieces& pieces) {
    tokens.clear();
    parts.model->encode(pieces.text.text(), pieces.ranges, tokens);
    encoding.ids.reserve(encoding.ids.size() + tokens.size());
    for (const PlacedToken& token : tokens) encoding.ids.push_back(token.id);
    if (!keep_origins) return;
    for (const PlacedToken& token : tokens) {
      encoding.offsets.push_back(pieces.text.origin(token.range));
    }
  };
  const auto visit_added = [&](std::int64_t id, TextRange range) {
    encoding.ids.push_back(id);
    if (keep_origins) encoding.offsets.push_back(range);
  };
  Division(parts, keep_origins, visit_text, visit_added).run(text);
  encoding.offsets.resize(encoding.ids.size());
  encoding.type_ids.assign(encoding.ids.size(), type);
  encoding.is_added.assign(encoding.ids.size(), false);
  return encoding;
}

// Lets the post-processor put its tokens around the encodings of `texts`, which are joined.
Encoding whole_of(const TokenizerParts& parts, std::vector<Encoding> encodings,
                  const std::vector<std::string_view>& texts, const EncodeOptions& options) {
  if (parts.post_processor != nullptr) {
    PostContext context{texts, options.add_special_tokens, {}};
    context.spelling = [&](std::int64_t id, std::string_view text) {
      return parts.added.find(id) != nullptr ? text : std::string_view(spelling(parts, id));
    };
    parts.post_processor->apply(encodings, context);
  }
  if (encodings.empty()) return {};
  Encoding whole = std::move(encodings.front());
  for (std::size_t i = 1; i < encodings.size(); ++i) append_encoding(whole, encodings[i]);
  return whole;
}

Encoding encoding_of(const Tokenizer& tokenizer, const std::vector<std::string_view>& texts,
                     const EncodeOptions& options, bool keep_origins) {
  const TokenizerParts& parts = tokenizer.parts();
  std::vector<Encoding> encodings;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    check_utf8(tokenizer, texts[i]);
    encodings.push_back(encoding_of(parts, texts[i], static_cast<std::int64_t>(i), keep_origins));
  }
  return whole_of(parts, std::move(encodings), texts, options);
}

// Calls visit(part, known) for all parts of `text`: characters and names of added tokens.
void visit_characters(const Tokenizer& tokenizer, std::string_view text,
                      const std::function<void(std::string_view, bool)>& visit) {
  const TokenizerParts& parts = tokenizer.parts();
  std::unordered_map<std::string_view, bool> known;  // by character
  const auto is_known = [&](std::string_view character) {
    bool all = tokenizer.takes_bytes() || find_invalid_utf8(character) == std::string_view::npos;
    const auto visit_text = [&](const Pieces& pieces) {
      for (const TextRange range : pieces.ranges) {
        all = all && parts.model->knows(pieces.text.text(range));
      }
    };
    Division(parts, false, visit_text, [](std::int64_t, TextRange) {}).run(character);
    return all;
  };
  for (const TextPart& part : parts.added.split(text, false)) {
    std::string_view rest = text.substr(part.range.begin, part.range.end - part.range.begin);
    if (part.added >= 0) {
      visit(rest, true);
      continue;
    }
    while (!rest.empty()) {
      const std::string_view before = rest;
      take_code_point(rest);
      const std::string_view character = before.substr(0, before.size() - rest.size());
      auto found = known.find(character);
      if (found == known.end()) found = known.emplace(character, is_known(character)).first;
      visit(character, found->second);
    }
  }
}

}  // namespace

std::vector<std::int64_t> Tokenizer::encode(std::string_view text,
                                            const EncodeOptions& options) const {
  return encoding_of(*this, {text}, options, false).ids;
}

Encoding Tokenizer::encoding(std::string_view text, const EncodeOptions& options) const {
  return encoding_of(*this, {text}, options, true);
}

Encoding Tokenizer::encoding(std::string_view text, std::string_view second,
                             const EncodeOptions& options) const {
  return encoding_of(*this, {text, second}, options, true);
}

std::vector<std::string> Tokenizer::unknown_characters(std::string_view text) const {
  std::vector<std::string> unknown;
  visit_characters(*this, text, [&](std::string_view part, bool known) {
    if (known || std::find(unknown.begin(), unknown.end(), part) != unknown.end()) return;
    unknown.emplace_back(part);
  });
  return unknown;
}

std::string Tokenizer::replace_unknown(std::string_view text, std::string_view by) const {
  std::string result;
  visit_characters(*this, text,
                   [&](std::string_view part, bool known) { result += known ? part : by; });
  return result;
}

std::string Tokenizer::decode(std::span<const std::int64_t> ids) const {
  std::vector<std::string> tokens;
  for (const std::int64_t id : ids) {
    check_id(*this, id);
    if (!is_special(id)) tokens.push_back(spelling(*parts_, id));
  }
  if (parts_->decoder == nullptr) return fmt::format("{}", fmt::join(tokens, " "));
  parts_->decoder->apply(tokens);
  return fmt::format("{}", fmt::join(tokens, ""));
}

std::string Tokenizer::token(std::int64_t id) const {
  check_id(*this, id);
  std::string bytes = spelling(*parts_, id);
  if (takes_bytes() && parts_->added.find(id) == nullptr) {
    bytes = unspell_bytes(bytes).value_or(bytes);
  }
  std::string shown;
  for (std::string_view rest = bytes; !rest.empty();) {
    const auto byte = static_cast<unsigned char>(rest.front());
    const char32_t code_point = take_code_point(rest);
    if (code_point == kNoCodePoint) {
      shown += fmt::format("<0x{:02X}>", byte);
    } else {
      append_code_point(shown, code_point);
    }
  }
  return shown;
}

std::optional<std::int64_t> Tokenizer::find(std::string_view spelling) const {
  if (const AddedToken* added = parts_->added.find(spelling)) return added->id;
  return parts_->model->find(spelling);
}

std::int64_t Tokenizer::size() const { return parts_->size; }

std::int64_t Tokenizer::special(std::string_view name) const {
  const AddedToken* const found = parts_->added.find(name);
  if (found != nullptr && found->special) return found->id;
  std::vector<std::string> names;
  for (const AddedToken& token : parts_->added.tokens()) {
    if (token.special) names.push_back(token.name);
  }
  std::sort(names.begin(), names.end());
  throw Error(fmt::format("tokenizer: expected a special token {}, it has {}", name,
                          names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))));
}

bool Tokenizer::is_special(std::int64_t id) const {
  const AddedToken* const found = parts_->added.find(id);
  return found != nullptr && found->special;
}

bool Tokenizer::takes_bytes() const { return parts_->takes_bytes; }

bool Tokenizer::has_frame() const { return parts_->post_processor != nullptr; }

std::vector<std::int64_t> Tokenizer::framed(std::vector<std::int64_t> ids) const {
  const std::size_t count = ids.size();
  Encoding bare{.ids = std::move(ids)};
  bare.offsets.resize(count);
  bare.type_ids.resize(count);
  bare.is_added.resize(count);
  return whole_of(*parts_, {std::move(bare)}, {""}, {}).ids;
}

std::vector<Merge> Tokenizer::merges() const { return parts_->model->merges(); }

}  // namespace clearhead
