// From headings and paragraphs to clauses: which paragraph lies below which.
#include "clearhead/claims/clauses.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "clearhead/base/encoding.h"
#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/claims/policy_blocks.h"
#include "clearhead/text/text_file.h"
#include "clearhead/text/utf8.h"

namespace clearhead::claims {
namespace {

constexpr std::size_t kMostHeading = 120;  // bytes of the words of a paragraph that head others

// How a number is written; numbers of one kind are neighbours.
enum class Numbering { section, decimal, small, digits, capital, small_roman, capital_roman };

bool is_roman(std::string_view letters) {
  return letters.find_first_not_of("ivxlIVXL") == letters.npos;
}

// "(i)" follows "(h)" as a letter, but stands below "(A)" as a number. `last` has the latest number
// of each kind that is open.
Numbering numbering_of(const std::string& part, const std::map<Numbering, std::string>& last) {
  if (part[0] != '(')
    return part[0] >= '0' && part[0] <= '9' ? Numbering::decimal : Numbering::section;
  const std::string inside = part.substr(1, part.size() - 2);
  if (inside[0] >= '0' && inside[0] <= '9') return Numbering::digits;
  const bool is_small = inside[0] >= 'a' && inside[0] <= 'z';
  const Numbering letter = is_small ? Numbering::small : Numbering::capital;
  const Numbering roman = is_small ? Numbering::small_roman : Numbering::capital_roman;
  if (!is_roman(inside)) return letter;
  if (last.count(roman) > 0) return roman;
  const auto before = last.find(letter);
  const bool follows = before != last.end() && inside.size() == before->second.size() - 2 &&
                       inside[0] == before->second[1] + 1;
  if (follows) return letter;
  return inside[0] == 'i' || inside[0] == 'I' ? roman : letter;
}

// The words that head what lies below a paragraph: its first sentence, if that is short.
std::string heading_of(const std::string& number, std::string_view words) {
  const std::size_t sentence =
      std::min({words.find(". "), words.find(": "), words.find("—"), words.size()});
  std::string_view title = words.substr(0, sentence);
  if (title.size() > kMostHeading) {
    title = title.substr(0, title.rfind(' ', kMostHeading));
    title = title.substr(0, complete_utf8(title.substr(0, std::min(title.size(), kMostHeading))));
    return number + " " + std::string(title) + " …";
  }
  return title.empty() ? number : number + " " + std::string(title);
}

// Goes through the blocks, and knows what is open above the next.
class Builder {
 public:
  explicit Builder(std::shared_ptr<const std::string> file) : file_(std::move(file)) {}

  void add(const PolicyBlock& block) {
    const ParagraphLabel label = paragraph_label(block.text);
    const std::string_view words = std::string_view(block.text).substr(label.end);
    if (block.level > 0) {
      add_heading(block, label);
    } else if (!label.parts.empty()) {
      add_numbered(block, label, words);
    } else if (is_open_) {
      std::string& text = clauses_.back().text;
      text += (text.empty() ? "" : "\n") + block.text;
    } else {
      begin(block, "line " + std::to_string(block.line), block.text);
    }
  }

  std::vector<Clause> take() {
    // A number alone heads others, but says nothing itself.
    clauses_.erase(std::remove_if(clauses_.begin(), clauses_.end(),
                                  [](const Clause& clause) { return clause.text.empty(); }),
                   clauses_.end());
    return std::move(clauses_);
  }

 private:
  struct Level {
    int depth;  // of a heading: its level; of a number: 0
    Numbering numbering;
    std::string number;  // "" of a heading without one
    std::string heading;
  };

  void add_heading(const PolicyBlock& block, const ParagraphLabel& label) {
    while (!open_.empty() && (open_.back().depth == 0 || open_.back().depth >= block.level)) {
      open_.pop_back();
    }
    std::string number;
    for (const std::string& part : label.parts) number += part;
    open_.push_back({block.level, Numbering::section, number, block.text});
    is_open_ = false;
  }

  // "(a)(1)" opens a number below another.
  void add_numbered(const PolicyBlock& block, const ParagraphLabel& label, std::string_view words) {
    for (const std::string& part : label.parts) {
      std::map<Numbering, std::string> last;
      for (const Level& level : open_) {
        if (level.depth == 0) last[level.numbering] = level.number;
      }
      const Numbering numbering = numbering_of(part, last);
      close_to(numbering, part);
      open_.push_back({0, numbering, part, part});
    }
    open_.back().heading = heading_of(open_.back().number, words);
    begin(block, number_path(), std::string(words));
  }

  // A number ends its neighbour and what lies below that; a section ends all numbers, and a decimal
  // what lies below the decimal that it begins with.
  void close_to(Numbering numbering, const std::string& part) {
    const auto is_number = [](const Level& level) { return level.depth == 0; };
    const auto is_neighbour = [&](const Level& level) {
      return is_number(level) && (numbering == Numbering::section || level.numbering == numbering);
    };
    if (numbering == Numbering::decimal) {
      const auto above = std::find_if(open_.rbegin(), open_.rend(), [&](const Level& level) {
        return is_neighbour(level) && part.starts_with(level.number + ".");
      });
      if (above != open_.rend()) {
        open_.erase(above.base(), open_.end());
        return;
      }
    }
    open_.erase(std::find_if(open_.begin(), open_.end(), is_neighbour), open_.end());
  }

  // "§ 4(a)(1)"; a decimal has those above it within itself.
  std::string number_path() const {
    std::string path;
    for (const Level& level : open_) {
      if (level.numbering == Numbering::decimal && !level.number.empty()) path.clear();
      if (!path.empty() && !level.number.empty() && level.number[0] != '(') path += ' ';
      path += level.number;
    }
    return path;
  }

  void begin(const PolicyBlock& block, std::string id, std::string text) {
    Clause clause{.id = std::move(id), .path = {}, .text = std::move(text), .place = {}};
    for (const Level& level : open_) {
      // The words of the clause itself are its text.
      if (level.depth > 0 || &level != &open_.back()) clause.path.push_back(level.heading);
    }
    clause.place = {.file = file_, .line = block.line, .byte = block.byte, .part = {}};
    clauses_.push_back(std::move(clause));
    is_open_ = true;
  }

  std::shared_ptr<const std::string> file_;
  std::vector<Level> open_;
  bool is_open_ = false;  // whether a paragraph without a number belongs to the last clause
  std::vector<Clause> clauses_;
};

std::string string_field(const nlohmann::json& object, const char* name, const std::string& where) {
  const auto field = object.find(name);
  if (field == object.end() || field->is_null()) return {};
  if (!field->is_string()) {
    throw Error(where + ": expected a string as \"" + name + "\", got " + field->type_name());
  }
  return field->get<std::string>();
}

std::vector<Clause> parse_jsonl(std::string_view text, std::shared_ptr<const std::string> file) {
  std::vector<Clause> clauses;
  std::uint64_t line = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view row = text.substr(begin, end - begin);
    const std::string where = *file + ", line " + std::to_string(++line);
    const std::uint64_t byte = std::exchange(begin, end + 1);
    if (row.find_first_not_of(" \t\r") == row.npos) continue;
    nlohmann::json object;
    try {
      object = nlohmann::json::parse(row);
    } catch (const nlohmann::json::exception& error) {
      throw Error(where + ": expected a clause as a JSON object, got " + error.what());
    }
    if (!object.is_object()) {
      throw Error(where + ": expected a clause as a JSON object, got " + object.type_name());
    }
    Clause clause{.id = string_field(object, "id", where),
                  .path = {},
                  .text = string_field(object, "text", where),
                  .place = {.file = file, .line = line, .byte = byte, .part = {}}};
    const auto has_words = [](const std::string& text) {
      return text.find_first_not_of(" \t\r\n") != text.npos;
    };
    if (!has_words(clause.id) || !has_words(clause.text)) {
      throw Error(where + ": expected \"id\" and \"text\" with some words each");
    }
    for (const char* const name : {"section_title", "heading"}) {
      std::string heading = string_field(object, name, where);
      if (!heading.empty()) clause.path.push_back(std::move(heading));
    }
    clauses.push_back(std::move(clause));
  }
  return clauses;
}

}  // namespace

PolicyFormat policy_format(const std::filesystem::path& path) {
  std::string ending = ending_of(path);
  if (ending == ".gz") ending = ending_of(path.stem());
  if (ending == ".jsonl" || ending == ".ndjson") return PolicyFormat::jsonl;
  if (ending == ".md" || ending == ".markdown") return PolicyFormat::markdown;
  const bool is_html = ending == ".html" || ending == ".htm" || ending == ".xhtml";
  return is_html ? PolicyFormat::html : PolicyFormat::text;
}

std::vector<Clause> parse_clauses(std::string_view text, PolicyFormat format,
                                  const std::string& file) {
  const auto name = std::make_shared<const std::string>(file);
  const std::string_view words = utf8_text(text, file);
  std::vector<Clause> clauses;
  if (format == PolicyFormat::jsonl) {
    clauses = parse_jsonl(words, name);
  } else {
    Builder builder(name);
    const auto blocks = format == PolicyFormat::markdown ? markdown_blocks(words)
                        : format == PolicyFormat::html   ? html_blocks(words)
                                                         : text_blocks(words);
    for (const PolicyBlock& block : blocks) builder.add(block);
    clauses = builder.take();
  }
  if (clauses.empty()) throw Error(file + ": expected the clauses of a policy, got no words");
  const std::size_t mark = text.size() - words.size();  // the byte order mark counts, too
  for (Clause& clause : clauses) clause.place.byte += mark;
  return clauses;
}

std::vector<Clause> read_clauses(const std::filesystem::path& path) {
  const PolicyFormat format = policy_format(path);
  if (ending_of(path) == ".pdf") {
    throw Error(path.string() + ": a PDF is read as text; make one with scripts/policy-text");
  }
  return parse_clauses(read_text_bytes(path), format, path.string());
}

std::string path_text(const Clause& clause) {
  std::string text;
  for (const std::string& heading : clause.path) text += (text.empty() ? "" : " › ") + heading;
  return text;
}

}  // namespace clearhead::claims
