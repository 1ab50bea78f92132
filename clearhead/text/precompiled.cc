// The normalizer that SentencePiece compiles from its rules: a table of what characters, and some
// sequences of them, become. Its format, as sentencepiece/src/normalizer.cc writes it: the size of
// a trie in bytes (32 bits); the trie, a double array of darts-clone, whose values are places in
// what follows; the replacements, each ended by a zero.
#include <utf8proc.h>

#include <cstring>
#include <optional>
#include <vector>

#include "clearhead/text/normalizer_internal.h"

namespace clearhead {
namespace {

constexpr std::size_t kLongestSequence = 5;  // bytes of characters that are looked up together

std::optional<std::string> from_base64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xff);
  }
  return bytes;
}

class Precompiled : public Normalizer {
 public:
  explicit Precompiled(const JsonPlace& place) {
    const JsonPlace table = place["precompiled_charsmap"];
    if (table.is_null()) return;  // no rules
    const std::optional<std::string> bytes = from_base64(table.text());
    if (!bytes) table.fail("expected base64");
    std::uint32_t size = 0;
    if (bytes->size() >= sizeof(size)) std::memcpy(&size, bytes->data(), sizeof(size));
    if (bytes->empty()) return;
    if (size == 0 || size % 4 != 0 || size > bytes->size() - sizeof(size)) {
      table.fail("expected a trie and replacements, as SentencePiece compiles them");
    }
    trie_.resize(size / 4);
    std::memcpy(trie_.data(), bytes->data() + sizeof(size), size);
    replacements_ = bytes->substr(sizeof(size) + size);
  }

  void apply(AlignedText& text) const override {
    std::vector<CharacterChange> changes;
    bool changed = false;
    for (std::string_view rest = text.text(); !rest.empty();) {
      const std::string_view cluster = take_cluster(rest);
      text.check_growth(changes.size());
      if (cluster.size() <= kLongestSequence && replace(cluster, changes)) {
        changed = true;
        continue;
      }
      for (std::string_view characters = cluster; !characters.empty();) {
        const std::string_view before = characters;
        const char32_t character = take_character(characters);
        if (replace(before.substr(0, before.size() - characters.size()), changes)) {
          changed = true;
        } else {
          changes.push_back({character, 0});
        }
      }
    }
    if (changed) text.change(changes);
  }

 private:
  // The characters that are seen as one (UAX #29).
  static std::string_view take_cluster(std::string_view& rest) {
    const std::string_view all = rest;
    char32_t before = take_character(rest);
    utf8proc_int32_t state = 0;
    while (!rest.empty()) {
      std::string_view after = rest;
      const char32_t next = take_character(after);
      if (before >= kLooseByte || next >= kLooseByte ||
          (before < 0x80 && next < 0x80 && before != '\r') ||
          utf8proc_grapheme_break_stateful(static_cast<utf8proc_int32_t>(before),
                                           static_cast<utf8proc_int32_t>(next), &state)) {
        break;
      }
      rest = after;
      before = next;
    }
    return all.substr(0, all.size() - rest.size());
  }

  // What the shortest beginning of `part` that has a rule becomes, in place of all of `part`: that
  // is how SentencePiece's rules are read by the `tokenizers` library.
  std::optional<std::string_view> find(std::string_view part) const {
    if (trie_.empty()) return std::nullopt;
    // A unit of the trie: bits 0 to 7 are its label, 8 says whether a value follows, 9 whether the
    // offset, 10 to 30, is shifted by 8; the highest bit marks values.
    const auto offset = [](std::uint32_t unit) {
      return (unit >> 10) << ((unit & (1u << 9)) >> 6);
    };
    std::size_t node = offset(trie_[0]);
    for (const char c : part) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte == 0) break;
      node ^= byte;
      if (node >= trie_.size()) return std::nullopt;
      const std::uint32_t unit = trie_[node];
      if ((unit & (1u << 31 | 0xffu)) != byte) return std::nullopt;
      node ^= offset(unit);
      if (node >= trie_.size()) return std::nullopt;
      if ((unit >> 8 & 1) == 0) continue;
      const std::size_t at = trie_[node] & ~(1u << 31);
      if (at > replacements_.size()) return std::nullopt;
      return std::string_view(replacements_.c_str() + at);
    }
    return std::nullopt;
  }

  // Replaces all of `part`, if there is a rule: characters by characters in their order, and what
  // is more is added to, or taken from, the last.
  bool replace(std::string_view part, std::vector<CharacterChange>& changes) const {
    const std::optional<std::string_view> found = find(part);
    if (!found) return false;
    int old_count = 0, new_count = 0;
    for (; !part.empty(); ++old_count) take_character(part);
    for (std::string_view rest = *found; !rest.empty(); ++new_count) {
      changes.push_back({take_character(rest), new_count < old_count ? 0 : 1});
    }
    // If nothing is left of it, what stands before takes its place, too.
    if (new_count < old_count && !changes.empty()) changes.back().change -= old_count - new_count;
    return true;
  }

  std::vector<std::uint32_t> trie_;
  std::string replacements_;
};

}  // namespace

std::unique_ptr<const Normalizer> make_precompiled(const JsonPlace& place) {
  return std::make_unique<Precompiled>(place);
}

}  // namespace clearhead
