// What training reads: text as one long stream, pairs of lines, lines with hidden words. Every
// batch depends only on the data, the seed and its place (step, or epoch and number). So a run that
// continues from a checkpoint sees the same batches as one that never stopped.
#ifndef CLEARHEAD_TRAIN_DATA_H_
#define CLEARHEAD_TRAIN_DATA_H_

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "clearhead/tensor/tensor.h"
#include "clearhead/text/tokenizer.h"

namespace clearhead {

/// The target of places that do not count: PyTorch's default `ignore_index`.
inline constexpr std::int64_t kIgnoredTarget = -100;

/// The ids of one line or sentence.
using Sequence = std::vector<std::int64_t>;

/// The hash of a text (base/hash.h) in hexadecimal digits, by which a run notices that the text has
/// changed.
std::string hash_of_text(std::string_view text);

// ---- One long stream ----

/// A text in two parts.
struct TextParts {
  std::string_view train;       ///< the first
  std::string_view validation;  ///< the rest
};

/// `text`, valid UTF-8, cut after the first ⌊fraction · n⌋ of its n characters, as nanoGPT does.
/// Throws Error if a part would be empty.
TextParts split_text(std::string_view text, double fraction = 0.9);

/// Windows of one long text.
struct WindowBatch {
  Tensor input;   ///< i64 [B, T]
  Tensor target;  ///< i64 [B, T]: the token after each of `input`
};

/// B windows of T tokens from places drawn at random for this `seed` and `step`, as nanoGPT's
/// get_batch draws them. Throws Error unless there are more than T tokens.
WindowBatch random_windows(std::span<const std::int64_t> tokens, std::int64_t B, std::int64_t T,
                           std::uint64_t seed, std::int64_t step);

// ---- Lines, in batches of similar length ----

/// The ids of each line.
std::vector<Sequence> encode_lines(std::span<const std::string> lines, const Tokenizer& tokenizer);

/// The numbers of the items in each batch of an epoch. A batch has items of similar length: padded
/// to the longest, it has at most `most_tokens` places. Every item is in one batch, and each epoch
/// has as many batches. The order of the batches, and that of items of equal length, is drawn at
/// random for this `seed` and `epoch`. Throws Error, naming the line, if an item is longer than
/// `most_tokens`, or if there are no items.
std::vector<std::vector<std::int64_t>> bucketed_batches(std::span<const std::int64_t> lengths,
                                                        std::int64_t most_tokens,
                                                        std::uint64_t seed, std::int64_t epoch);

// ---- Pairs: line i of one file is the translation of line i of the other ----

/// Lines and their translations.
struct LinePairs {
  std::vector<std::string> sources;  ///< lines
  std::vector<std::string> targets;  ///< their translations, as many
};

/// Throws Error if a file cannot be read (`read_lines`) or they have different numbers of lines.
LinePairs read_line_pairs(const std::filesystem::path& sources,
                          const std::filesystem::path& targets);

/// The length of a pair for `bucketed_batches`: that of its longer side, with the tokens that
/// `pair_batch` adds.
std::vector<std::int64_t> pair_lengths(std::span<const Sequence> sources,
                                       std::span<const Sequence> targets);

/// The tokens around a pair.
struct PairFrame {
  std::int64_t start = 0;  ///< before the target: <s>
  std::int64_t end = 0;    ///< behind both: </s>
  std::int64_t pad = 0;    ///< behind the end of a shorter one; what it is has no effect
};

/// <s>, </s> and <pad>. Throws Error if `tokenizer` does not have all of them.
PairFrame pair_frame(const Tokenizer& tokenizer);

/// Pairs, filled up to the same lengths.
struct PairBatch {
  Tensor source;          ///< i64 [B, S]: ids, end, then pad
  Tensor source_lengths;  ///< i64 [B]: without pad
  Tensor input;           ///< i64 [B, T]: start, ids, then pad
  Tensor target;          ///< i64 [B, T]: ids, end, then kIgnoredTarget
};

/// The pairs with these numbers.
PairBatch pair_batch(std::span<const Sequence> sources, std::span<const Sequence> targets,
                     std::span<const std::int64_t> numbers, const PairFrame& frame);

// ---- Hidden words ----

/// The length of a line for `bucketed_batches`, with the tokens that `masked_batch` adds.
std::vector<std::int64_t> line_lengths(std::span<const Sequence> lines);

/// Lines with hidden tokens, filled up to the same length.
struct MaskedBatch {
  Tensor input;    ///< i64 [B, T]: <s>, ids of which some are hidden, </s>, then <pad>
  Tensor lengths;  ///< i64 [B]: without <pad>
  Tensor target;   ///< i64 [B, T]: the id at the places to be guessed, else kIgnoredTarget
};

/// The lines with these numbers. In each line 15 % of the tokens (rounded, at least one) are to be
/// guessed: of these, 8 in 10 are replaced by <mask>, 1 in 10 by any ordinary token, and 1 in 10
/// stays. They are drawn for this `seed`, `epoch` and line. `tokenizer` has <pad>, <s>, </s> and
/// <mask>.
///
/// Source: Devlin et al., "BERT" (NAACL 2019), section 3.1 and appendix A.1.
MaskedBatch masked_batch(std::span<const Sequence> lines, std::span<const std::int64_t> numbers,
                         const Tokenizer& tokenizer, std::uint64_t seed, std::int64_t epoch);

}  // namespace clearhead

#endif  // CLEARHEAD_TRAIN_DATA_H_
