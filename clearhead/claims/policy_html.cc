// The blocks of an HTML page, by a scanner of tags: a policy needs its words, headings and
// paragraphs, not a tree, so a library of a browser's size would serve nobody.
#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "clearhead/claims/policy_blocks.h"
#include "clearhead/text/utf8.h"

namespace clearhead::claims {
namespace {

constexpr std::string_view kBlanks = " \t\r\n\f\v";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_name(char c) { return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9'); }

struct Tag {
  std::string name;  // in small letters; "" of comments and declarations
  bool closes;       // </name>
  std::size_t end;   // behind it
};

// The tag at `at`, where a < stands; none if it is just a <.
std::optional<Tag> tag_at(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(at);
  if (rest.starts_with("<!--")) {
    const std::size_t end = rest.find("-->", 4);
    return Tag{"", false, end == rest.npos ? text.size() : at + end + 3};
  }
  std::size_t i = 1;
  const bool closes = i < rest.size() && rest[i] == '/';
  if (closes) ++i;
  Tag tag{"", closes, 0};
  while (i < rest.size() && is_name(rest[i])) tag.name += lower(rest[i++]);
  const bool declares = i < rest.size() && i == 1 && (rest[i] == '!' || rest[i] == '?');
  if (tag.name.empty() && !declares) return std::nullopt;
  // Attributes may have > within their quotes.
  for (char quote = 0; i < rest.size(); ++i) {
    if (quote != 0) {
      if (rest[i] == quote) quote = 0;
    } else if (rest[i] == '"' || rest[i] == '\'') {
      quote = rest[i];
    } else if (rest[i] == '>') {
      tag.end = at + i + 1;
      return tag;
    }
  }
  tag.end = text.size();
  return tag;
}

// Behind </name>, or the end of the text.
std::size_t end_of_element(std::string_view text, std::size_t at, const std::string& name) {
  for (; (at = text.find("</", at)) != text.npos; ++at) {
    const std::string_view rest = text.substr(at + 2);
    const bool has_name = rest.size() > name.size() && !is_name(rest[name.size()]) &&
                          std::equal(name.begin(), name.end(), rest.begin(),
                                     [](char a, char b) { return a == lower(b); });
    if (has_name) return tag_at(text, at)->end;  // only now, since a tag may reach far
  }
  return text.size();
}

// The characters that the entity at `at`, where an & stands, means, and its length.
std::pair<std::string, std::size_t> entity_at(std::string_view text, std::size_t at) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 15> kNames = {
      {{"amp", "&"},
       {"lt", "<"},
       {"gt", ">"},
       {"quot", "\""},
       {"apos", "'"},
       {"nbsp", " "},
       {"sect", "§"},
       {"ndash", "–"},
       {"mdash", "—"},
       {"lsquo", "‘"},
       {"rsquo", "’"},
       {"ldquo", "“"},
       {"rdquo", "”"},
       {"hellip", "…"},
       {"para", "¶"}}};
  const std::size_t end = text.substr(at, 12).find(';');
  if (end == text.npos) return {"&", 1};
  std::string_view name = text.substr(at + 1, end - 1);
  for (const auto& [known, meaning] : kNames) {
    if (name == known) return {std::string(meaning), end + 1};
  }
  if (!name.starts_with('#')) return {"&", 1};
  name.remove_prefix(1);
  const bool hexadecimal = name.starts_with('x') || name.starts_with('X');
  if (hexadecimal) name.remove_prefix(1);
  std::uint32_t code = 0;
  const auto [last, error] =
      std::from_chars(name.data(), name.data() + name.size(), code, hexadecimal ? 16 : 10);
  const bool valid = error == std::errc() && last == name.data() + name.size() && code > 0 &&
                     code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
  if (!valid) return {"&", 1};
  if (code == 0xA0) return {" ", end + 1};
  std::string character;
  append_code_point(character, code);
  return {character, end + 1};
}

bool begins_block(const std::string& name) {
  static constexpr std::array<std::string_view, 32> kBlocks = {
      "address", "article", "aside",   "blockquote", "body", "br",   "dd",  "div",
      "dl",      "dt",      "footer",  "h1",         "h2",   "h3",   "h4",  "h5",
      "h6",      "header",  "hr",      "html",       "li",   "main", "nav", "ol",
      "p",       "pre",     "section", "table",      "td",   "th",   "tr",  "ul"};
  return std::find(kBlocks.begin(), kBlocks.end(), name) != kBlocks.end();
}

// Reads a page once, from its beginning to its end.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::vector<PolicyBlock> run() {
    while (at_ < text_.size()) {
      if (text_[at_] == '<') {
        if (const std::optional<Tag> tag = tag_at(text_, at_)) {
          take(*tag);
          continue;
        }
      }
      if (text_[at_] == '&') {
        const auto [characters, length] = entity_at(text_, at_);
        add(characters);
        at_ += length;
      } else {
        add(text_.substr(at_, 1));
        ++at_;
      }
    }
    end();
    return std::move(blocks_);
  }

 private:
  void take(const Tag& tag) {
    static constexpr std::array<std::string_view, 5> kHidden = {"head", "noscript", "script",
                                                                "style", "template"};
    if (!tag.closes && std::find(kHidden.begin(), kHidden.end(), tag.name) != kHidden.end()) {
      at_ = end_of_element(text_, tag.end, tag.name);
      return;
    }
    if (begins_block(tag.name)) {
      end();
      const bool heading = tag.name.size() == 2 && tag.name[0] == 'h' && tag.name != "hr";
      if (heading) level_ = tag.closes ? 0 : tag.name[1] - '0';
    }
    at_ = tag.end;
  }

  void add(std::string_view characters) {
    if (kBlanks.find(characters[0]) != kBlanks.npos) {
      blank_ = !open_.text.empty();
      return;
    }
    if (open_.text.empty()) {
      lines_ += static_cast<std::uint64_t>(
          std::count(text_.begin() + static_cast<std::ptrdiff_t>(counted_),
                     text_.begin() + static_cast<std::ptrdiff_t>(at_), '\n'));
      counted_ = at_;
      open_ = {.text = {}, .level = level_, .line = lines_ + 1, .byte = at_};
    }
    if (std::exchange(blank_, false)) open_.text += ' ';
    open_.text += characters;
  }

  void end() {
    if (!open_.text.empty()) blocks_.push_back(std::move(open_));
    open_ = {};
    blank_ = false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t counted_ = 0;  // where the line ends up to here are counted
  std::uint64_t lines_ = 0;
  int level_ = 0;       // of the heading that is open
  bool blank_ = false;  // to be written before the next character
  PolicyBlock open_;
  std::vector<PolicyBlock> blocks_;
};

}  // namespace

std::vector<PolicyBlock> html_blocks(std::string_view text) { return Scanner(text).run(); }

}  // namespace clearhead::claims
