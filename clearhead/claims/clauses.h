// A policy as clauses: numbered paragraphs with the headings above them, each of which knows where
// it stands, so that the exact words can be quoted.
#ifndef CLEARHEAD_CLAIMS_CLAUSES_H_
#define CLEARHEAD_CLAIMS_CLAUSES_H_

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "clearhead/claims/claim.h"

namespace clearhead::claims {

/// A numbered paragraph, or a paragraph without a number that stands by itself.
struct Clause {
  std::string id;                 ///< "42 USC 1395x(n)"; "§ 4(a)(1)"; without a number: "line 12"
  std::vector<std::string> path;  ///< headings, the outermost first; its own last, if it has one
  std::string text;               ///< its words as they stand there, paragraphs as lines
  Place place;                    ///< where it begins: line and byte
};

/// How a policy is written.
enum class PolicyFormat {
  jsonl,     ///< an object a line: id, text, and perhaps section_title and heading
  markdown,  ///< headings begin with #, or are underlined
  html,      ///< headings are h1 … h6
  text,      ///< paragraphs are separated by empty lines or begin with a number
};

/// By the ending of the name (.jsonl, .ndjson; .md, .markdown; .html, .htm, .xhtml; else text), of
/// which .gz is not counted.
PolicyFormat policy_format(const std::filesystem::path& path);

/// The clauses of a policy in UTF-8, in their order; `file` is its name. Numbers of paragraphs are
/// those of laws and contracts: "§ 4", "Section 4", "1.2.3", "(a)(1)(A)(i)(I)", one below the other
/// as they first come. A paragraph without a number belongs to the clause before it; a heading ends
/// that. Throws Error, naming file and line, for JSON that is not as described, and if there is no
/// clause.
std::vector<Clause> parse_clauses(std::string_view text, PolicyFormat format,
                                  const std::string& file);

/// The same of a file, plain or gzip. Throws Error, also if it cannot be read.
std::vector<Clause> read_clauses(const std::filesystem::path& path);

/// "Definitions › Durable medical equipment".
std::string path_text(const Clause& clause);

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_CLAUSES_H_
