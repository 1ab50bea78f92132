// The pre-tokenizers of tokenizer.json.
#include <fmt/format.h>

#include <utility>
#include <vector>

#include "clearhead/text/normalizer_internal.h"
#include "clearhead/text/pattern_internal.h"
#include "clearhead/text/pre_tokenizer_internal.h"

namespace clearhead {
namespace {

// Changes the text of each piece: rewrite(piece, builder) appends what it becomes.
template <typename Rewrite>
void rewrite_pieces(Pieces& pieces, const Rewrite& rewrite) {
  AlignedTextBuilder builder(pieces.text);
  std::vector<TextRange> ranges;
  for (const TextRange piece : pieces.ranges) {
    const std::size_t begin = builder.size();
    rewrite(piece, builder);
    if (builder.size() > begin) ranges.push_back({begin, builder.size()});
  }
  pieces = {builder.finish(), std::move(ranges)};
}

void split_at(Pieces& pieces, const TextPattern& pattern, bool invert, SplitBehavior behavior) {
  const PartFinder find = [&](std::string_view text, const PartVisitor& visit) {
    pattern.visit(text, [&](std::size_t begin, std::size_t end, bool is_match) {
      visit(begin, end, is_match != invert);
    });
  };
  split_pieces(pieces, find, behavior);
}

class Sequence : public PreTokenizer {
 public:
  explicit Sequence(const JsonPlace& place)
      : parts_(make_parts<PreTokenizer>(place["pretokenizers"], make_pre_tokenizer)) {}
  void apply(Pieces& pieces) const override {
    for (const auto& part : parts_) part->apply(pieces);
  }
  bool spells_bytes() const override {
    for (const auto& part : parts_) {
      if (part->spells_bytes()) return true;
    }
    return false;
  }

 private:
  std::vector<std::unique_ptr<const PreTokenizer>> parts_;
};

// GPT-2's: words by its pattern, then each byte in its spelling.
class ByteLevel : public PreTokenizer {
 public:
  explicit ByteLevel(const JsonPlace& place)
      : prefix_(place["add_prefix_space"].flag_or(true)), cuts_(place["use_regex"].flag_or(true)) {}

  void apply(Pieces& pieces) const override {
    if (prefix_) {
      rewrite_pieces(pieces, [&](TextRange piece, AlignedTextBuilder& builder) {
        if (!pieces.text.text(piece).starts_with(' ')) builder.add(" ", piece.begin);
        builder.keep(piece.begin, piece.end);
      });
    }
    if (cuts_) split_at(pieces, gpt2_pattern(), false, SplitBehavior::isolated);
    rewrite_pieces(pieces, [&](TextRange piece, AlignedTextBuilder& builder) {
      append_spelling(pieces.text, piece, builder);
    });
  }
  bool spells_bytes() const override { return true; }

 private:
  bool prefix_, cuts_;
};

// SentencePiece's: blanks become a visible mark, with which pieces begin.
class Metaspace : public PreTokenizer {
 public:
  explicit Metaspace(const JsonPlace& place)
      : mark_(place["replacement"].text()),
        pattern_(TextPattern::of_string(mark_)),
        cuts_(place["split"].flag_or(true)) {
    if (count_code_points(mark_) != 1) place["replacement"].fail("expected one character");
    const JsonPlace scheme = place["prepend_scheme"];
    if (!scheme.is_null()) {
      scheme_ = static_cast<Scheme>(scheme.choice({"always", "first", "never"}));
    }
    const bool prefix = place["add_prefix_space"].flag_or(true);
    if (!prefix && !scheme.is_null() && scheme_ != Scheme::never) {
      scheme.fail("expected never, since add_prefix_space is false");
    }
    if (!prefix) scheme_ = Scheme::never;
  }

  void apply(Pieces& pieces) const override {
    rewrite_pieces(pieces, [&](TextRange piece, AlignedTextBuilder& builder) {
      const std::string_view text = pieces.text.text(piece);
      const bool prefix = scheme_ == Scheme::always ||
                          (scheme_ == Scheme::first && pieces.text.begins_original(piece.begin));
      if (prefix && !text.starts_with(' ') && !text.starts_with(mark_)) {
        builder.add(mark_, piece.begin);
      }
      std::size_t kept = 0;
      for (std::size_t at; (at = text.find(' ', kept)) != std::string_view::npos; kept = at + 1) {
        builder.keep(piece.begin + kept, piece.begin + at);
        builder.add(mark_, piece.begin + at);
      }
      builder.keep(piece.begin + kept, piece.end);
    });
    if (!cuts_) return;
    split_at(pieces, pattern_, false, SplitBehavior::merged_with_next);
  }

 private:
  enum class Scheme { always, first, never };

  std::string mark_;
  TextPattern pattern_;
  Scheme scheme_ = Scheme::always;
  bool cuts_;
};

class Split : public PreTokenizer {
 public:
  explicit Split(const JsonPlace& place)
      : pattern_(pattern_at(place["pattern"])),
        behavior_(split_behavior_at(place["behavior"])),
        invert_(place["invert"].flag_or(false)) {}
  void apply(Pieces& pieces) const override { split_at(pieces, pattern_, invert_, behavior_); }

 private:
  TextPattern pattern_;
  SplitBehavior behavior_;
  bool invert_;
};

// Runs of characters of words, and of others but white space.
class Whitespace : public PreTokenizer {
 public:
  explicit Whitespace(const JsonPlace&) {}
  void apply(Pieces& pieces) const override {
    split_pieces(pieces, is_white_space, SplitBehavior::removed);
    split_pieces(pieces, is_word_character, SplitBehavior::contiguous);
  }
};

class WhitespaceSplit : public PreTokenizer {
 public:
  explicit WhitespaceSplit(const JsonPlace&) {}
  void apply(Pieces& pieces) const override {
    split_pieces(pieces, is_white_space, SplitBehavior::removed);
  }
};

class BertPreTokenizer : public PreTokenizer {
 public:
  explicit BertPreTokenizer(const JsonPlace&) {}
  void apply(Pieces& pieces) const override {
    split_pieces(pieces, is_white_space, SplitBehavior::removed);
    split_pieces(pieces, is_punctuation, SplitBehavior::isolated);
  }
};

class Digits : public PreTokenizer {
 public:
  explicit Digits(const JsonPlace& place)
      : behavior_(place["individual_digits"].flag_or(false) ? SplitBehavior::isolated
                                                            : SplitBehavior::contiguous) {}
  void apply(Pieces& pieces) const override { split_pieces(pieces, is_numeric, behavior_); }

 private:
  SplitBehavior behavior_;
};

class Punctuation : public PreTokenizer {
 public:
  explicit Punctuation(const JsonPlace& place) {
    if (const JsonPlace behavior = place["behavior"]; !behavior.is_null()) {
      behavior_ = split_behavior_at(behavior);
    }
  }
  void apply(Pieces& pieces) const override { split_pieces(pieces, is_punctuation, behavior_); }

 private:
  SplitBehavior behavior_ = SplitBehavior::isolated;
};

class CharDelimiterSplit : public PreTokenizer {
 public:
  explicit CharDelimiterSplit(const JsonPlace& place)
      : pattern_(TextPattern::of_string(place["delimiter"].text())) {
    if (count_code_points(place["delimiter"].text()) != 1) {
      place["delimiter"].fail("expected one character");
    }
  }
  void apply(Pieces& pieces) const override {
    split_at(pieces, pattern_, false, SplitBehavior::removed);
  }

 private:
  TextPattern pattern_;
};

class FixedLength : public PreTokenizer {
 public:
  explicit FixedLength(const JsonPlace& place) {
    const JsonPlace length = place["length"];
    if (!length.is_null()) length_ = length.integer(1, std::int64_t{1} << 32);
  }
  void apply(Pieces& pieces) const override {
    const PartFinder find = [this](std::string_view text, const PartVisitor& visit) {
      std::size_t begin = 0;
      std::int64_t count = 0;
      for (std::string_view rest = text; !rest.empty();) {
        take_character(rest);
        const std::size_t end = text.size() - rest.size();
        if (++count % length_ != 0 && !rest.empty()) continue;
        visit(begin, end, false);
        begin = end;
      }
    };
    split_pieces(pieces, find, SplitBehavior::isolated);
  }

 private:
  std::int64_t length_ = 5;
};

// The scripts of Unicode 14 by their codes (UAX #24), but for those that Japanese mixes, which
// count as one, what is common to all (Zyyy), and what has none (Zzzz).
constexpr const char* kScripts[] = {
    "Adlm", "Aghb", "Ahom", "Arab", "Armi", "Armn", "Avst", "Bali", "Bamu", "Bass", "Batk", "Beng",
    "Bhks", "Bopo", "Brah", "Brai", "Bugi", "Buhd", "Cakm", "Cans", "Cari", "Cham", "Cher", "Chrs",
    "Copt", "Cpmn", "Cprt", "Cyrl", "Deva", "Diak", "Dogr", "Dsrt", "Dupl", "Egyp", "Elba", "Elym",
    "Ethi", "Geor", "Glag", "Gong", "Gonm", "Goth", "Gran", "Grek", "Gujr", "Guru", "Hang", "Hano",
    "Hatr", "Hebr", "Hluw", "Hmng", "Hmnp", "Hung", "Ital", "Java", "Kali", "Khar", "Khmr", "Khoj",
    "Kits", "Knda", "Kthi", "Lana", "Laoo", "Latn", "Lepc", "Limb", "Lina", "Linb", "Lisu", "Lyci",
    "Lydi", "Mahj", "Maka", "Mand", "Mani", "Marc", "Medf", "Mend", "Merc", "Mero", "Mlym", "Modi",
    "Mong", "Mroo", "Mtei", "Mult", "Mymr", "Nand", "Narb", "Nbat", "Newa", "Nkoo", "Nshu", "Ogam",
    "Olck", "Orkh", "Orya", "Osge", "Osma", "Ougr", "Palm", "Pauc", "Perm", "Phag", "Phli", "Phlp",
    "Phnx", "Plrd", "Prti", "Rjng", "Rohg", "Runr", "Samr", "Sarb", "Saur", "Sgnw", "Shaw", "Shrd",
    "Sidd", "Sind", "Sinh", "Sogd", "Sogo", "Sora", "Soyo", "Sund", "Sylo", "Syrc", "Tagb", "Takr",
    "Tale", "Talu", "Taml", "Tang", "Tavt", "Telu", "Tfng", "Tglg", "Thaa", "Thai", "Tibt", "Tirh",
    "Tnsa", "Toto", "Ugar", "Vaii", "Vith", "Wara", "Wcho", "Xpeo", "Xsux", "Yezi", "Yiii", "Zanb",
    "Zinh"};

// Runs of one script: a blank, and what has none, belong to the run before. (What stands before the
// first run is left out, as it is by the `tokenizers` library.)
const TextPattern& script_runs() {
  static const TextPattern kRuns = [] {
    const std::string none = R"( \p{sc:Zzzz})";
    const std::string mixed = R"(\p{sc:Han}\p{sc:Hira}\p{sc:Kana}\x{30fc})";
    std::string expression = fmt::format("[{0}][{0}{1}]*", mixed, none);
    for (const char* script : kScripts) {
      expression += fmt::format("|[\\p{{sc:{0}}}][\\p{{sc:{0}}}{1}]*", script, none);
    }
    // The blank and the mark of long vowels are common to all scripts, but count otherwise.
    expression += fmt::format(R"(|(?! )[\p{{sc:Zyyy}}](?:(?!\x{{30fc}})[\p{{sc:Zyyy}}{}])*)", none);
    return TextPattern::of_expression(expression);
  }();
  return kRuns;
}

class UnicodeScripts : public PreTokenizer {
 public:
  explicit UnicodeScripts(const JsonPlace&) {}
  void apply(Pieces& pieces) const override {
    split_at(pieces, script_runs(), true, SplitBehavior::removed);
  }
};

template <typename Kind>
std::unique_ptr<const PreTokenizer> make(const JsonPlace& place) {
  return std::make_unique<Kind>(place);
}

constexpr PartKind<PreTokenizer> kKinds[] = {
    {"Sequence", make<Sequence>},
    {"ByteLevel", make<ByteLevel>},
    {"Metaspace", make<Metaspace>},
    {"Split", make<Split>},
    {"Whitespace", make<Whitespace>},
    {"WhitespaceSplit", make<WhitespaceSplit>},
    {"BertPreTokenizer", make<BertPreTokenizer>},
    {"Digits", make<Digits>},
    {"Punctuation", make<Punctuation>},
    {"CharDelimiterSplit", make<CharDelimiterSplit>},
    {"FixedLength", make<FixedLength>},
    {"UnicodeScripts", make<UnicodeScripts>},
};

}  // namespace

std::unique_ptr<const PreTokenizer> make_pre_tokenizer(const JsonPlace& place) {
  return make_part(place, kKinds);
}

}  // namespace clearhead
