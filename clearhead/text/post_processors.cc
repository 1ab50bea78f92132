// The post-processors of tokenizer.json.
#include <algorithm>

#include "clearhead/text/byte_spelling.h"
#include "clearhead/text/characters_internal.h"
#include "clearhead/text/post_processor_internal.h"

namespace clearhead {
namespace {

constexpr std::int64_t kMostId = (std::int64_t{1} << 31) - 1;

void append_added(Encoding& to, std::int64_t id, std::int64_t type) {
  to.ids.push_back(id);
  to.offsets.push_back({});
  to.type_ids.push_back(type);
  to.is_added.push_back(true);
}

// Steps over `count` characters of `text`, but not beyond its end.
std::size_t after_characters(std::string_view text, std::size_t count) {
  std::string_view rest = text;
  for (; count > 0 && !rest.empty(); --count) take_character(rest);
  return text.size() - rest.size();
}

std::size_t before_characters(std::string_view text, std::size_t count) {
  for (; count > 0 && !text.empty(); --count) {
    std::size_t size = 1;
    while (size < text.size() && size < 4 && !begins_code_point(text[text.size() - size])) ++size;
    text.remove_suffix(size);
  }
  return text.size();
}

struct BlankCounts {
  std::size_t leading = 0, trailing = 0;  // all, twice, if there is nothing else
};

// The blanks that a token begins and ends with, spelt as bytes or not.
BlankCounts count_blanks(std::string_view token) {
  BlankCounts counts;
  bool only = true;
  while (!token.empty()) {
    const std::string_view before = token;
    const char32_t character = take_character(token);
    const bool is_blank = is_white_space(character) ||
                          before.substr(0, before.size() - token.size()) == spelling_of_byte(' ');
    counts.trailing = is_blank ? counts.trailing + 1 : 0;
    only = only && is_blank;
    if (only) counts.leading = counts.trailing;
  }
  return counts;
}

// Offsets without the blanks that their tokens begin or end with, as ByteLevel and RoBERTa trim
// them. The blank that `add_prefix_space` puts before a text is not in it, so that the first
// token's is left alone.
void trim_offsets(std::vector<Encoding>& encodings, const PostContext& context,
                  bool add_prefix_space) {
  for (std::size_t i = 0; i < encodings.size(); ++i) {
    const std::string_view text = context.texts[std::min(i, context.texts.size() - 1)];
    for (std::size_t t = 0; t < encodings[i].ids.size(); ++t) {
      TextRange& range = encodings[i].offsets[t];
      if (range.end > text.size()) continue;  // of another text, by a post-processor before
      const std::string_view part = text.substr(range.begin, range.end - range.begin);
      BlankCounts blanks = count_blanks(context.spelling(encodings[i].ids[t], part));
      const bool is_first = t == 0 || range.begin == 0;
      if (is_first && add_prefix_space && blanks.leading == 1) blanks.leading = 0;
      const std::size_t leading = after_characters(part, blanks.leading);
      range.begin += leading;
      range.end = range.begin + before_characters(part.substr(leading), blanks.trailing);
    }
  }
}

class Sequence : public PostProcessor {
 public:
  explicit Sequence(const JsonPlace& place)
      : parts_(make_parts<PostProcessor>(place["processors"], make_post_processor)) {}
  void apply(std::vector<Encoding>& encodings, const PostContext& context) const override {
    for (const auto& part : parts_) part->apply(encodings, context);
  }

 private:
  std::vector<std::unique_ptr<const PostProcessor>> parts_;
};

class ByteLevel : public PostProcessor {
 public:
  explicit ByteLevel(const JsonPlace& place)
      : trims_(place["trim_offsets"].flag_or(true)),
        prefix_(place["add_prefix_space"].flag_or(true)) {}
  void apply(std::vector<Encoding>& encodings, const PostContext& context) const override {
    if (trims_) trim_offsets(encodings, context, prefix_);
  }

 private:
  bool trims_, prefix_;
};

// ["name", id]
std::int64_t id_of_pair(const JsonPlace& place) { return place.elements(2)[1].integer(0, kMostId); }

class BertProcessing : public PostProcessor {
 public:
  explicit BertProcessing(const JsonPlace& place)
      : start_(id_of_pair(place["cls"])), end_(id_of_pair(place["sep"])) {}
  void apply(std::vector<Encoding>& encodings, const PostContext& context) const override {
    if (!context.add_special_tokens) return;
    for (std::size_t i = 0; i < encodings.size(); ++i) {
      Encoding framed;
      if (i == 0) append_added(framed, start_, 0);
      append_encoding(framed, encodings[i]);
      append_added(framed, end_, i == 0 ? 0 : 1);
      encodings[i] = std::move(framed);
    }
  }

 private:
  std::int64_t start_, end_;
};

// <s> A </s>, of a pair <s> A </s></s> B </s>; there are no segments.
class RobertaProcessing : public PostProcessor {
 public:
  explicit RobertaProcessing(const JsonPlace& place)
      : start_(id_of_pair(place["cls"])),
        end_(id_of_pair(place["sep"])),
        trims_(place["trim_offsets"].flag_or(true)),
        prefix_(place["add_prefix_space"].flag_or(true)) {}
  void apply(std::vector<Encoding>& encodings, const PostContext& context) const override {
    if (trims_) trim_offsets(encodings, context, prefix_);
    for (std::size_t i = 0; i < encodings.size(); ++i) {
      std::fill(encodings[i].type_ids.begin(), encodings[i].type_ids.end(), 0);
      if (!context.add_special_tokens) continue;
      Encoding framed;
      append_added(framed, i == 0 ? start_ : end_, 0);
      append_encoding(framed, encodings[i]);
      append_added(framed, end_, 0);
      encodings[i] = std::move(framed);
    }
  }

 private:
  std::int64_t start_, end_;
  bool trims_, prefix_;
};

class TemplateProcessing : public PostProcessor {
 public:
  explicit TemplateProcessing(const JsonPlace& place)
      : single_(read(place["single"], place["special_tokens"], 1)),
        pair_(read(place["pair"], place["special_tokens"], 2)) {}

  void apply(std::vector<Encoding>& encodings, const PostContext& context) const override {
    std::vector<Encoding> result;
    for (const Item& item : encodings.size() == 1 ? single_ : pair_) {
      const auto sequence = static_cast<std::size_t>(item.sequence);
      if (item.sequence >= 0) {
        if (sequence >= encodings.size()) continue;  // a post-processor before left it out
        result.push_back(encodings[sequence]);
        std::fill(result.back().type_ids.begin(), result.back().type_ids.end(), item.type);
      } else if (context.add_special_tokens) {
        result.emplace_back();
        for (const std::int64_t id : item.ids) append_added(result.back(), id, item.type);
      }
    }
    encodings = std::move(result);
  }

 private:
  struct Item {
    int sequence = -1;  // 0 or 1: a text; −1: `ids`
    std::vector<std::int64_t> ids = {};
    std::int64_t type = 0;
  };

  static std::vector<Item> read(const JsonPlace& place, const JsonPlace& tokens, int sequences) {
    std::vector<Item> items;
    for (const JsonPlace& one : place.elements()) {
      Item item;
      const JsonPlace token = one["SpecialToken"], sequence = one["Sequence"];
      const JsonPlace& given = token.is_null() ? sequence : token;
      if (given.is_null()) one.fail("expected a SpecialToken or a Sequence, got " + one.shown());
      item.type = given["type_id"].integer(0, kMostId);
      if (token.is_null()) {
        item.sequence = static_cast<int>(sequence["id"].choice({"A", "B"}));
        if (item.sequence >= sequences) sequence["id"].fail("expected A: there is one text");
      } else {
        const JsonPlace ids = tokens[token["id"].text()]["ids"];
        for (const JsonPlace& id : ids.elements()) item.ids.push_back(id.integer(0, kMostId));
      }
      items.push_back(std::move(item));
    }
    return items;
  }

  std::vector<Item> single_, pair_;
};

template <typename Kind>
std::unique_ptr<const PostProcessor> make(const JsonPlace& place) {
  return std::make_unique<Kind>(place);
}

constexpr PartKind<PostProcessor> kKinds[] = {
    {"Sequence", make<Sequence>},
    {"TemplateProcessing", make<TemplateProcessing>},
    {"BertProcessing", make<BertProcessing>},
    {"RobertaProcessing", make<RobertaProcessing>},
    {"ByteLevel", make<ByteLevel>},
};

}  // namespace

void append_encoding(Encoding& to, const Encoding& more) {
  to.ids.insert(to.ids.end(), more.ids.begin(), more.ids.end());
  to.offsets.insert(to.offsets.end(), more.offsets.begin(), more.offsets.end());
  to.type_ids.insert(to.type_ids.end(), more.type_ids.begin(), more.type_ids.end());
  to.is_added.insert(to.is_added.end(), more.is_added.begin(), more.is_added.end());
}

std::unique_ptr<const PostProcessor> make_post_processor(const JsonPlace& place) {
  return make_part(place, kKinds);
}

}  // namespace clearhead
