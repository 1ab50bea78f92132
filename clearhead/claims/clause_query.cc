// The words of codes and of their neighbours.
#include "clearhead/claims/clause_query.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <vector>

namespace clearhead::claims {
namespace {

// SNOMED and NDC number things without order; HCPCS, CPT and ICD in blocks.
bool has_blocks(const Code& code) {
  return code.value.size() == 5 ||
         (!code.value.empty() && std::isalpha(static_cast<unsigned char>(code.value.front())) != 0);
}

// Each word of a text once, and how it first stands there.
std::map<std::string, std::string> written_words(const std::string& text) {
  std::map<std::string, std::string> words;
  for (const TextWord& word : text_words(text)) {
    words.try_emplace(word.word, text.substr(word.begin, word.size));
  }
  return words;
}

void add_neighbours(const Code& code, const CodeTables& tables, std::size_t characters,
                    ClauseQuery& query) {
  const std::vector<std::string> descriptions = tables.descriptions_like(code, characters);
  for (const std::string& description : descriptions) {
    for (const auto& [word, written] : written_words(description)) {
      query.words[word] += 1 / static_cast<double>(descriptions.size());
      query.sources.try_emplace(word, WordSource{written, code, true});
    }
  }
}

// "Asthma (disorder)" → "Asthma": the semantic tag of a fully specified name (SNOMED CT Editorial
// Guide), which says what kind of thing it is.
std::string without_tag(const Code& code, const std::string& text) {
  const std::size_t open = text.rfind(" (");
  if (code.system != "SNOMED" || open == text.npos) return text;
  const std::size_t end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz /", open + 2);
  return end == text.size() - 1 && text[end] == ')' ? text.substr(0, open) : text;
}

}  // namespace

ClauseQuery query_of_text(const std::string& text) {
  ClauseQuery query{.text = text, .words = query_words(text), .sources = {}};
  for (const auto& [word, written] : written_words(text)) {
    query.sources[word] = {written, {}, false};
  }
  return query;
}

std::optional<ClauseQuery> query_of_code(const Code& code, const CodeTables& tables) {
  const CodeRow* const row = tables.row_of(code, std::nullopt);
  if (row == nullptr || row->description.empty()) return std::nullopt;
  ClauseQuery query = query_of_text(without_tag(code, row->description));
  for (auto& [word, source] : query.sources) source.code = code;
  if (has_blocks(code)) {
    for (const std::size_t characters : {3, 2}) add_neighbours(code, tables, characters, query);
  }
  return query;
}

ClauseQuery query_of_claim(const Claim& claim, const CodeTables& tables) {
  std::vector<Code> codes;
  for (const Line& line : claim.lines) {
    if (line.code) codes.push_back(*line.code);
  }
  for (const Diagnosis& diagnosis : claim.diagnoses) {
    if (diagnosis.code) codes.push_back(*diagnosis.code);
  }
  ClauseQuery whole;
  std::set<Code> seen;
  for (const Code& code : codes) {
    if (!seen.insert(code).second) continue;
    const std::optional<ClauseQuery> query = query_of_code(code, tables);
    if (!query) continue;
    whole.text += (whole.text.empty() ? "" : "; ") + query->text;
    for (const auto& [word, weight] : query->words) {
      double& most = whole.words[word];
      if (weight <= most) continue;
      most = weight;
      whole.sources[word] = query->sources.at(word);
    }
  }
  return whole;
}

}  // namespace clearhead::claims
