// The decoders of tokenizer.json. Where the `tokenizers` library puts U+FFFD for bytes that are no
// UTF-8, the bytes stay here.
#include <algorithm>
#include <utility>

#include "clearhead/text/byte_spelling.h"
#include "clearhead/text/characters_internal.h"
#include "clearhead/text/pattern_internal.h"
#include "clearhead/text/token_decoder_internal.h"

namespace clearhead {
namespace {

std::string replaced(std::string_view text, std::string_view what, std::string_view by) {
  std::string result;
  std::size_t done = 0;
  while (!what.empty()) {
    const std::size_t at = text.find(what, done);
    if (at == std::string_view::npos) break;
    result.append(text, done, at - done).append(by);
    done = at + what.size();
  }
  return result.append(text, done);
}

// BERT's: blanks that English does not write.
std::string cleaned_up(std::string text) {
  constexpr std::pair<std::string_view, std::string_view> kRules[] = {
      {" .", "."},   {" ?", "?"},     {" !", "!"},    {" ,", ","},
      {" ' ", "'"},  {" n't", "n't"}, {" 'm", "'m"},  {" do not", " don't"},
      {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
  for (const auto& [what, by] : kRules) {
    if (text.find(what) != std::string::npos) text = replaced(text, what, by);
  }
  return text;
}

class Sequence : public TokenDecoder {
 public:
  explicit Sequence(const JsonPlace& place)
      : parts_(make_parts<TokenDecoder>(place["decoders"], make_token_decoder)) {}
  void apply(std::vector<std::string>& tokens) const override {
    for (const auto& part : parts_) part->apply(tokens);
  }
  bool spells_bytes() const override {
    return std::any_of(parts_.begin(), parts_.end(),
                       [](const auto& part) { return part->spells_bytes(); });
  }

 private:
  std::vector<std::unique_ptr<const TokenDecoder>> parts_;
};

class ByteLevel : public TokenDecoder {
 public:
  explicit ByteLevel(const JsonPlace&) {}
  void apply(std::vector<std::string>& tokens) const override {
    std::string text;
    for (const std::string& token : tokens) text += unspell_bytes(token).value_or(token);
    tokens = {std::move(text)};
  }
  bool spells_bytes() const override { return true; }
};

class WordPiece : public TokenDecoder {
 public:
  explicit WordPiece(const JsonPlace& place)
      : prefix_(place["prefix"].text_or("##")), cleans_(place["cleanup"].flag_or(true)) {}
  void apply(std::vector<std::string>& tokens) const override {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (i > 0 && tokens[i].starts_with(prefix_)) {
        tokens[i].erase(0, prefix_.size());
      } else if (i > 0) {
        tokens[i].insert(0, " ");
      }
      if (cleans_) tokens[i] = cleaned_up(std::move(tokens[i]));
    }
  }

 private:
  std::string prefix_;
  bool cleans_;
};

class Metaspace : public TokenDecoder {
 public:
  explicit Metaspace(const JsonPlace& place)
      : mark_(place["replacement"].text()),
        prefixed_(place["prepend_scheme"].text_or("always") != "never" &&
                  place["add_prefix_space"].flag_or(true)) {}
  void apply(std::vector<std::string>& tokens) const override {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      tokens[i] = replaced(tokens[i], mark_, i == 0 && prefixed_ ? "" : " ");
    }
  }

 private:
  std::string mark_;
  bool prefixed_;
};

class ByteFallback : public TokenDecoder {
 public:
  explicit ByteFallback(const JsonPlace&) {}
  void apply(std::vector<std::string>& tokens) const override {
    std::vector<std::string> result;
    bool before = false;  // whether bytes stand before, to which others are joined
    for (std::string& token : tokens) {
      const int byte = byte_of(token);
      if (byte < 0) {
        result.push_back(std::move(token));
      } else if (before) {
        result.back() += static_cast<char>(byte);
      } else {
        result.emplace_back(1, static_cast<char>(byte));
      }
      before = byte >= 0;
    }
    tokens = std::move(result);
  }

 private:
  static int byte_of(std::string_view token) {  // "<0xE2>"
    if (token.size() != 6 || !token.starts_with("<0x") || !token.ends_with('>')) return -1;
    const int high = digit(token[3]), low = digit(token[4]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
  }
  static int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  }
};

class Fuse : public TokenDecoder {
 public:
  explicit Fuse(const JsonPlace&) {}
  void apply(std::vector<std::string>& tokens) const override {
    std::string text;
    for (const std::string& token : tokens) text += token;
    tokens = {std::move(text)};
  }
};

class Strip : public TokenDecoder {
 public:
  explicit Strip(const JsonPlace& place)
      : content_(place["content"].text()),
        start_(place["start"].integer(0, kMost)),
        stop_(place["stop"].integer(0, kMost)) {}
  void apply(std::vector<std::string>& tokens) const override {
    for (std::string& token : tokens) {
      std::string_view left = token;
      for (std::int64_t i = 0; i < start_ && !content_.empty() && left.starts_with(content_); ++i) {
        left.remove_prefix(content_.size());
      }
      for (std::int64_t i = 0; i < stop_ && !content_.empty() && left.ends_with(content_); ++i) {
        left.remove_suffix(content_.size());
      }
      token = std::string(left);
    }
  }

 private:
  static constexpr std::int64_t kMost = std::int64_t{1} << 32;
  std::string content_;
  std::int64_t start_, stop_;
};

class Replace : public TokenDecoder {
 public:
  explicit Replace(const JsonPlace& place)
      : pattern_(pattern_at(place["pattern"])), content_(place["content"].text()) {}
  void apply(std::vector<std::string>& tokens) const override {
    for (std::string& token : tokens) {
      std::string result;
      pattern_.visit(token, [&](std::size_t begin, std::size_t end, bool is_match) {
        result += is_match ? content_ : token.substr(begin, end - begin);
      });
      token = std::move(result);
    }
  }

 private:
  TextPattern pattern_;
  std::string content_;
};

class BytePairDecoder : public TokenDecoder {
 public:
  explicit BytePairDecoder(const JsonPlace& place) : suffix_(place["suffix"].text_or("</w>")) {}
  void apply(std::vector<std::string>& tokens) const override {
    for (std::string& token : tokens) {
      token = replaced(token, suffix_, &token == &tokens.back() ? "" : " ");
    }
  }

 private:
  std::string suffix_;
};

// Of speech: a token for each moment, so that what comes several times in a row is one.
class Ctc : public TokenDecoder {
 public:
  explicit Ctc(const JsonPlace& place)
      : pad_(place["pad_token"].text_or("<pad>")),
        between_words_(place["word_delimiter_token"].text_or("|")),
        cleans_(place["cleanup"].flag_or(true)) {}
  void apply(std::vector<std::string>& tokens) const override {
    tokens.erase(std::unique(tokens.begin(), tokens.end()), tokens.end());
    for (std::string& token : tokens) {
      token = replaced(token, pad_, "");
      if (cleans_) token = replaced(cleaned_up(std::move(token)), between_words_, " ");
    }
    std::erase(tokens, "");
  }

 private:
  std::string pad_, between_words_;
  bool cleans_;
};

template <typename Kind>
std::unique_ptr<const TokenDecoder> make(const JsonPlace& place) {
  return std::make_unique<Kind>(place);
}

constexpr PartKind<TokenDecoder> kKinds[] = {
    {"Sequence", make<Sequence>},
    {"ByteLevel", make<ByteLevel>},
    {"WordPiece", make<WordPiece>},
    {"Metaspace", make<Metaspace>},
    {"ByteFallback", make<ByteFallback>},
    {"Fuse", make<Fuse>},
    {"Strip", make<Strip>},
    {"Replace", make<Replace>},
    {"BPEDecoder", make<BytePairDecoder>},
    {"CTC", make<Ctc>},
};

}  // namespace

std::unique_ptr<const TokenDecoder> make_token_decoder(const JsonPlace& place) {
  return make_part(place, kKinds);
}

}  // namespace clearhead
