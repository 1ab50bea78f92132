// The words of codes and of their neighbours.
#include "clearhead/claims/clause_query.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <vector>

namespace clearhead::claims {
namespace {

// SNOMED and NDC number things without order; HCPCS, CPT and ICD in blocks.
bool has_blocks(const Code& code) {
  return code.value.size() == 5 ||
         (!code.value.empty() && std::isalpha(static_cast<unsigned char>(code.value.front())) != 0);
}

void add_neighbours(const Code& code, const CodeTables& tables, std::size_t characters,
                    QueryWords& words) {
  const std::vector<std::string> descriptions = tables.descriptions_like(code, characters);
  for (const std::string& description : descriptions) {
    for (const auto& [word, weight] : query_words(description)) {
      words[word] += weight / static_cast<double>(descriptions.size());
    }
  }
}

}  // namespace

ClauseQuery query_of_text(const std::string& text) { return {text, query_words(text)}; }

std::optional<ClauseQuery> query_of_code(const Code& code, const CodeTables& tables) {
  const CodeRow* const row = tables.row_of(code, std::nullopt);
  if (row == nullptr || row->description.empty()) return std::nullopt;
  ClauseQuery query = query_of_text(row->description);
  if (has_blocks(code)) {
    for (const std::size_t characters : {3, 2}) {
      add_neighbours(code, tables, characters, query.words);
    }
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
      whole.words[word] = std::max(whole.words[word], weight);
    }
  }
  return whole;
}

}  // namespace clearhead::claims
