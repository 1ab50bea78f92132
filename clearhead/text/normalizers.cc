// The normalizers of tokenizer.json, but for SentencePiece's (precompiled.cc).
#include <algorithm>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/text/byte_spelling.h"
#include "clearhead/text/normalizer_internal.h"
#include "clearhead/text/pattern_internal.h"

namespace clearhead {
namespace {

bool is_ascii(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

// Calls change(character, replace) for each character, which is kept unless it calls
// replace(text).
template <typename Change>
void change_characters(AlignedText& text, const Change& change) {
  AlignedTextBuilder builder(text);
  const std::string_view all = text.text();
  std::size_t kept = 0;  // up to here the old text is in the new one, or left out
  for (std::string_view rest = all; !rest.empty();) {
    const std::size_t begin = all.size() - rest.size();
    const char32_t character = take_character(rest);
    const std::size_t end = all.size() - rest.size();
    const auto replace = [&](std::string_view by) {
      builder.keep(kept, begin);
      builder.add(by, begin);
      kept = end;
    };
    change(character, replace);
  }
  if (kept == 0) return;
  builder.keep(kept, all.size());
  text = builder.finish();
}

template <typename Predicate>
void leave_out(AlignedText& text, const Predicate& predicate) {
  change_characters(text, [&](char32_t character, const auto& replace) {
    if (predicate(character)) replace("");
  });
}

void lower_case(AlignedText& text) {
  std::string bytes;
  change_characters(text, [&](char32_t character, const auto& replace) {
    if (character < 0x80) {
      if (character < 'A' || character > 'Z') return;
      const char small = static_cast<char>(character + ('a' - 'A'));
      return replace(std::string_view(&small, 1));
    }
    if (character >= kLooseByte) return;
    bytes.clear();
    append_character(bytes, character);
    const std::string lowered = lowercase(bytes);
    if (lowered != bytes) replace(lowered);
  });
}

void strip(AlignedText& text, bool left, bool right) {
  const std::string_view all = text.text();
  std::size_t begin = all.size(), end = 0;  // of what is not white space
  for (std::string_view rest = all; !rest.empty();) {
    const std::size_t at = all.size() - rest.size();
    if (is_white_space(take_character(rest))) continue;
    begin = std::min(begin, at);
    end = all.size() - rest.size();
  }
  if (!left) begin = 0;
  if (!right) end = all.size();
  if (begin >= end) begin = end = 0;
  if (begin > 0 || end < all.size()) text = text.part({begin, end});
}

class Sequence : public Normalizer {
 public:
  explicit Sequence(const JsonPlace& place)
      : parts_(make_parts<Normalizer>(place["normalizers"], make_normalizer)) {}
  void apply(AlignedText& text) const override {
    for (const auto& part : parts_) part->apply(text);
  }

 private:
  std::vector<std::unique_ptr<const Normalizer>> parts_;
};

template <NormalForm form>
class UnicodeForm : public Normalizer {
 public:
  explicit UnicodeForm(const JsonPlace&) {}
  void apply(AlignedText& text) const override {
    if (!is_ascii(text.text())) text.change(normal_form(text.text(), form));
  }
};

class Lowercase : public Normalizer {
 public:
  explicit Lowercase(const JsonPlace&) {}
  void apply(AlignedText& text) const override { lower_case(text); }
};

class StripAccents : public Normalizer {
 public:
  explicit StripAccents(const JsonPlace&) {}
  void apply(AlignedText& text) const override { leave_out(text, is_mark); }
};

class Strip : public Normalizer {
 public:
  explicit Strip(const JsonPlace& place)
      : left_(place["strip_left"].flag_or(true)), right_(place["strip_right"].flag_or(true)) {}
  void apply(AlignedText& text) const override { strip(text, left_, right_); }

 private:
  bool left_, right_;
};

class Replace : public Normalizer {
 public:
  explicit Replace(const JsonPlace& place)
      : pattern_(pattern_at(place["pattern"])), content_(place["content"].text()) {}
  void apply(AlignedText& text) const override {
    AlignedTextBuilder builder(text);
    bool found = false;
    pattern_.visit(text.text(), [&](std::size_t begin, std::size_t end, bool is_match) {
      if (!is_match) return builder.keep(begin, end);
      found = true;
      builder.add(content_, end == 0 ? 0 : end - 1);
    });
    if (found) text = builder.finish();
  }

 private:
  TextPattern pattern_;
  std::string content_;
};

class Prepend : public Normalizer {
 public:
  explicit Prepend(const JsonPlace& place) : prefix_(place["prepend"].text()) {}
  void apply(AlignedText& text) const override {
    if (text.text().empty()) return;
    AlignedTextBuilder builder(text);
    builder.add(prefix_, 0);
    builder.keep(0, text.text().size());
    text = builder.finish();
  }

 private:
  std::string prefix_;
};

// As Google's SentencePiece prepares texts to be translated.
class Nmt : public Normalizer {
 public:
  explicit Nmt(const JsonPlace&) {}
  void apply(AlignedText& text) const override {
    change_characters(text, [](char32_t c, const auto& replace) {
      if ((c >= 0x01 && c <= 0x08) || c == 0x0b || (c >= 0x0e && c <= 0x1f) || c == 0x7f ||
          c == 0x8f || c == 0x9f) {
        return replace("");
      }
      const bool blank = c == 0x09 || c == 0x0a || c == 0x0c || c == 0x0d || c == 0x1680 ||
                         (c >= 0x200b && c <= 0x200f) || c == 0x2028 || c == 0x2029 ||
                         c == 0x2581 || c == 0xfeff || c == 0xfffd;
      if (blank) replace(" ");
    });
  }
};

bool is_chinese(char32_t c) {  // as BERT has it: the ideographs, not the syllables of Japanese
  return (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3400 && c <= 0x4dbf) ||
         (c >= 0x20000 && c <= 0x2a6df) || (c >= 0x2a700 && c <= 0x2b73f) ||
         (c >= 0x2b740 && c <= 0x2b81f) || (c >= 0x2b920 && c <= 0x2ceaf) ||
         (c >= 0xf900 && c <= 0xfaff) || (c >= 0x2f800 && c <= 0x2fa1f);
}

class BertNormalizer : public Normalizer {
 public:
  explicit BertNormalizer(const JsonPlace& place)
      : clean_(place["clean_text"].flag_or(true)),
        chinese_(place["handle_chinese_chars"].flag_or(true)),
        lowercase_(place["lowercase"].flag_or(true)),
        strip_accents_(place["strip_accents"].flag_or(lowercase_)) {}

  void apply(AlignedText& text) const override {
    if (clean_) clean(text);
    const bool ascii = is_ascii(text.text());
    if (chinese_ && !ascii) set_apart(text);
    if (strip_accents_ && !ascii) {
      text.change(normal_form(text.text(), NormalForm::nfd));
      leave_out(text, is_nonspacing_mark);
    }
    if (lowercase_) lower_case(text);
  }

 private:
  static void clean(AlignedText& text) {
    change_characters(text, [](char32_t c, const auto& replace) {
      if (c > ' ' && c < 0x7f) return;
      const bool blank =
          is_white_space(c) && (c == '\t' || c == '\n' || c == '\r' || !is_control(c));
      if (blank) {
        if (c != ' ') replace(" ");
      } else if (c == 0 || c == 0xfffd || is_control(c)) {
        replace("");
      }
    });
  }

  static void set_apart(AlignedText& text) {
    std::string bytes;
    change_characters(text, [&](char32_t c, const auto& replace) {
      if (!is_chinese(c)) return;
      bytes = " ";
      append_character(bytes, c);
      replace(bytes + " ");
    });
  }

  bool clean_, chinese_, lowercase_, strip_accents_;
};

class ByteLevel : public Normalizer {
 public:
  explicit ByteLevel(const JsonPlace&) {}
  void apply(AlignedText& text) const override {
    AlignedTextBuilder builder(text);
    append_spelling(text, {0, text.text().size()}, builder);
    text = builder.finish();
  }
};

template <typename Kind>
std::unique_ptr<const Normalizer> make(const JsonPlace& place) {
  return std::make_unique<Kind>(place);
}

constexpr PartKind<Normalizer> kKinds[] = {
    {"Sequence", make<Sequence>},
    {"NFC", make<UnicodeForm<NormalForm::nfc>>},
    {"NFD", make<UnicodeForm<NormalForm::nfd>>},
    {"NFKC", make<UnicodeForm<NormalForm::nfkc>>},
    {"NFKD", make<UnicodeForm<NormalForm::nfkd>>},
    {"Lowercase", make<Lowercase>},
    {"StripAccents", make<StripAccents>},
    {"Strip", make<Strip>},
    {"Replace", make<Replace>},
    {"Prepend", make<Prepend>},
    {"Nmt", make<Nmt>},
    {"BertNormalizer", make<BertNormalizer>},
    {"ByteLevel", make<ByteLevel>},
    {"Precompiled", make_precompiled},
};

}  // namespace

void append_spelling(const AlignedText& text, TextRange part, AlignedTextBuilder& to) {
  std::size_t kept = part.begin;
  for (std::size_t at = part.begin; at < part.end; ++at) {
    const std::string_view spelling = spelling_of_byte(static_cast<unsigned char>(text.text()[at]));
    if (spelling.size() == 1) continue;  // a visible character of ASCII stands for itself
    to.keep(kept, at);
    to.add(spelling, at);
    kept = at + 1;
  }
  to.keep(kept, part.end);
}

std::unique_ptr<const Normalizer> make_normalizer(const JsonPlace& place) {
  return make_part(place, kKinds);
}

}  // namespace clearhead
