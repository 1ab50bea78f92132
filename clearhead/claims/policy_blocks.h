// What Markdown, HTML and plain text have in common: headings and paragraphs, in their order.
#ifndef CLEARHEAD_CLAIMS_POLICY_BLOCKS_H_
#define CLEARHEAD_CLAIMS_POLICY_BLOCKS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace clearhead::claims {

/// A heading or a paragraph.
struct PolicyBlock {
  std::string text;  ///< without blanks at its ends; blanks and line ends within are one blank
  int level = 0;     ///< of a heading, 1 for the highest; 0: a paragraph
  std::uint64_t line = 1;  ///< where it begins, from 1
  std::uint64_t byte = 0;  ///< likewise, from 0
};

/// Paragraphs are separated by empty lines; a line that begins with a number (`paragraph_label`)
/// begins one, too.
std::vector<PolicyBlock> text_blocks(std::string_view text);

/// Headings with # or underlined by = or -; marks of lists and quotations are left out.
std::vector<PolicyBlock> markdown_blocks(std::string_view text);

/// Tags that begin a block divide the text; h1 … h6 are headings; comments, scripts, styles and the
/// head are left out; entities are replaced. Whatever is no tag is text: nothing is refused.
std::vector<PolicyBlock> html_blocks(std::string_view text);

/// What the number of a paragraph is made of: "§ 4", "1.2", "(a)"; and where its words begin.
struct ParagraphLabel {
  std::vector<std::string> parts;  ///< "(a)", "(1)"; none if the paragraph has no number
  std::size_t end = 0;             ///< of the number and the blanks after it, in the paragraph
};

/// The number at the beginning of a paragraph.
ParagraphLabel paragraph_label(std::string_view paragraph);

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_POLICY_BLOCKS_H_
