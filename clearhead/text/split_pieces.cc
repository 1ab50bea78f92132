// Cutting at matches, and what becomes of those.
#include <algorithm>
#include <vector>

#include "clearhead/text/pre_tokenizer_internal.h"

namespace clearhead {
namespace {

struct Part {
  std::size_t begin, end;
  bool is_match;
};

// Joins parts to pieces. A piece begins with each part that is not joined to the one before (or,
// from the end, to the one behind).
void join(const std::vector<Part>& parts, SplitBehavior behavior, std::vector<TextRange>& pieces) {
  bool before = false;  // whether the part before was a match
  const auto add = [&](const Part& part) { pieces.push_back({part.begin, part.end}); };
  const std::size_t first = pieces.size();
  switch (behavior) {
    case SplitBehavior::removed:
      for (const Part& part : parts) {
        if (!part.is_match) add(part);
      }
      return;
    case SplitBehavior::isolated:
      for (const Part& part : parts) add(part);
      return;
    case SplitBehavior::contiguous:
    case SplitBehavior::merged_with_previous:
      for (const Part& part : parts) {
        const bool joined = behavior == SplitBehavior::contiguous ? part.is_match == before
                                                                  : part.is_match && !before;
        if (joined && pieces.size() > first) {
          pieces.back().end = part.end;
        } else {
          add(part);
        }
        before = part.is_match;
      }
      return;
    case SplitBehavior::merged_with_next:
      for (std::size_t i = parts.size(); i-- > 0;) {
        if (parts[i].is_match && !before && pieces.size() > first) {
          pieces.back().begin = parts[i].begin;
        } else {
          add(parts[i]);
        }
        before = parts[i].is_match;
      }
      std::reverse(pieces.begin() + static_cast<std::ptrdiff_t>(first), pieces.end());
      return;
  }
}

}  // namespace

SplitBehavior split_behavior_at(const JsonPlace& place) {
  return static_cast<SplitBehavior>(
      place.choice({"Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"}));
}

void split_pieces(Pieces& pieces, const PartFinder& find, SplitBehavior behavior) {
  std::vector<TextRange> ranges;
  std::vector<Part> parts;
  for (const TextRange piece : pieces.ranges) {
    parts.clear();
    find(pieces.text.text(piece), [&](std::size_t begin, std::size_t end, bool is_match) {
      parts.push_back({piece.begin + begin, piece.begin + end, is_match});
    });
    join(parts, behavior, ranges);
  }
  std::erase_if(ranges, [](const TextRange& range) { return range.begin == range.end; });
  pieces.ranges = std::move(ranges);
}

void split_pieces(Pieces& pieces, bool (*is_match)(char32_t), SplitBehavior behavior) {
  const PartFinder find = [is_match](std::string_view text, const PartVisitor& visit) {
    std::size_t done = 0;
    for (std::string_view rest = text; !rest.empty();) {
      const std::size_t begin = text.size() - rest.size();
      if (!is_match(take_character(rest))) continue;
      if (done < begin) visit(done, begin, false);
      done = text.size() - rest.size();
      visit(begin, done, true);
    }
    if (done < text.size()) visit(done, text.size(), false);
  };
  split_pieces(pieces, find, behavior);
}

}  // namespace clearhead
