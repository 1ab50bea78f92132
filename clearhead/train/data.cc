// Texts and batches; each batch is drawn from its own stream of random numbers.
#include "clearhead/train/data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/base/hash.h"
#include "clearhead/base/random.h"
#include "clearhead/text/text_file.h"
#include "clearhead/text/utf8.h"

namespace clearhead {
namespace {

constexpr double kMaskedShare = 0.15;

// What random numbers are drawn for; each place of each has its own stream.
enum class Purpose : std::uint64_t { windows = 1, shuffle = 2, masks = 3 };

// `epoch` below 2^24, `place` below 2^32, or 2^56 if there are no epochs.
Random random_for(Purpose purpose, std::uint64_t seed, std::int64_t epoch, std::int64_t place) {
  return Random(seed, static_cast<std::uint64_t>(purpose) << 56 |
                          static_cast<std::uint64_t>(epoch) << 32 |
                          static_cast<std::uint64_t>(place));
}

// Fisher and Yates.
template <typename T>
void shuffle(std::vector<T>& items, Random& random) {
  for (std::size_t i = items.size(); i > 1; --i) {
    std::swap(items[i - 1],
              items[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(i)))]);
  }
}

// A matrix of one value; rows are then written from the left.
Tensor filled(std::int64_t rows, std::int64_t columns, std::int64_t value) {
  Tensor matrix = Tensor::empty({rows, columns}, DType::i64);
  std::fill_n(matrix.mutable_data<std::int64_t>(), matrix.count(), value);
  return matrix;
}

std::int64_t longest(std::span<const Sequence> sequences, std::span<const std::int64_t> numbers) {
  std::size_t length = 0;
  for (const std::int64_t number : numbers) {
    length = std::max(length, sequences[static_cast<std::size_t>(number)].size());
  }
  return static_cast<std::int64_t>(length);
}

void require_same_count(std::size_t sources, std::size_t targets) {
  if (sources == targets) return;
  throw Error(
      fmt::format("data: expected as many targets as sources, got {} and {}", targets, sources));
}

// Hides some of the `count` ids at `input`, and tells which at `target`.
void mask_line(std::int64_t* input, std::int64_t* target, std::int64_t count,
               const std::vector<std::int64_t>& ordinary, std::int64_t mask, Random& random) {
  if (count == 0) return;
  std::vector<std::int64_t> places(static_cast<std::size_t>(count));
  std::iota(places.begin(), places.end(), 0);
  shuffle(places, random);
  const auto hidden =
      std::max<std::int64_t>(1, std::llround(kMaskedShare * static_cast<double>(count)));
  for (std::int64_t i = 0; i < hidden; ++i) {
    const std::int64_t place = places[static_cast<std::size_t>(i)];
    target[place] = input[place];
    const std::int64_t tenth = random.below(10);
    if (tenth < 8) {
      input[place] = mask;
    } else if (tenth == 8) {
      input[place] = ordinary[static_cast<std::size_t>(
          random.below(static_cast<std::int64_t>(ordinary.size())))];
    }
  }
}

}  // namespace

std::string hash_of_text(std::string_view text) { return fmt::format("{:016x}", hash_of(text)); }

TextParts split_text(std::string_view text, double fraction) {
  const std::int64_t count = count_code_points(text);
  const auto wanted = static_cast<std::int64_t>(static_cast<double>(count) * fraction);
  if (wanted <= 0 || wanted >= count) {
    throw Error(
        fmt::format("data: {} of a text of {} characters leaves one part empty", fraction, count));
  }
  std::int64_t seen = 0;
  std::size_t at = 0;
  while (!begins_code_point(text[at]) || seen++ < wanted) ++at;
  return {text.substr(0, at), text.substr(at)};
}

WindowBatch random_windows(std::span<const std::int64_t> tokens, std::int64_t B, std::int64_t T,
                           std::uint64_t seed, std::int64_t step) {
  const auto count = static_cast<std::int64_t>(tokens.size());
  if (B < 1 || T < 1) {
    throw Error(fmt::format(
        "data: expected at least one window of at least one token, got {} of {}", B, T));
  }
  if (count <= T) {
    throw Error(
        fmt::format("data: windows of {} tokens and the one after need more text than {} tokens; "
                    "take a shorter context",
                    T, count));
  }
  WindowBatch batch{Tensor::empty({B, T}, DType::i64), Tensor::empty({B, T}, DType::i64)};
  Random random = random_for(Purpose::windows, seed, 0, step);
  for (std::int64_t b = 0; b < B; ++b) {
    const std::int64_t* window = tokens.data() + random.below(count - T);
    std::copy_n(window, T, batch.input.mutable_data<std::int64_t>() + b * T);
    std::copy_n(window + 1, T, batch.target.mutable_data<std::int64_t>() + b * T);
  }
  return batch;
}

std::vector<Sequence> encode_lines(std::span<const std::string> lines, const Tokenizer& tokenizer) {
  std::vector<Sequence> sequences;
  sequences.reserve(lines.size());
  for (const std::string& line : lines) sequences.push_back(tokenizer.encode(line));
  return sequences;
}

std::vector<std::vector<std::int64_t>> bucketed_batches(std::span<const std::int64_t> lengths,
                                                        std::int64_t most_tokens,
                                                        std::uint64_t seed, std::int64_t epoch) {
  if (lengths.empty()) throw Error("data: expected lines to make batches of, got none");
  std::vector<std::int64_t> order(lengths.size());
  std::iota(order.begin(), order.end(), 0);
  Random random = random_for(Purpose::shuffle, seed, epoch, 0);
  shuffle(order, random);
  // Stable: items of equal length keep their random order.
  const auto length = [&](std::int64_t item) { return lengths[static_cast<std::size_t>(item)]; };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int64_t a, std::int64_t b) { return length(a) < length(b); });
  if (const std::int64_t last = order.back(); length(last) > most_tokens) {
    throw Error(
        fmt::format("data: line {} has {} tokens, more than the {} of a batch; take larger "
                    "batches or leave it out",
                    last + 1, length(last), most_tokens));
  }
  std::vector<std::vector<std::int64_t>> batches;
  for (const std::int64_t item : order) {
    const auto size = static_cast<std::int64_t>(batches.empty() ? 0 : batches.back().size());
    if (batches.empty() || (size + 1) * length(item) > most_tokens) batches.emplace_back();
    batches.back().push_back(item);
  }
  shuffle(batches, random);
  return batches;
}

LinePairs read_line_pairs(const std::filesystem::path& sources,
                          const std::filesystem::path& targets) {
  LinePairs pairs{read_lines(sources), read_lines(targets)};
  if (pairs.sources.size() != pairs.targets.size()) {
    throw Error(fmt::format(
        "{} has {} lines, but {} has {}; line i of one must be the translation "
        "of line i of the other",
        sources.string(), pairs.sources.size(), targets.string(), pairs.targets.size()));
  }
  return pairs;
}

std::vector<std::int64_t> pair_lengths(std::span<const Sequence> sources,
                                       std::span<const Sequence> targets) {
  require_same_count(sources.size(), targets.size());
  std::vector<std::int64_t> lengths;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    lengths.push_back(static_cast<std::int64_t>(std::max(sources[i].size(), targets[i].size())) +
                      1);
  }
  return lengths;
}

PairFrame pair_frame(const Tokenizer& tokenizer) {
  return {.start = tokenizer.special(kStartToken),
          .end = tokenizer.special(kEndToken),
          .pad = tokenizer.special(kPadToken)};
}

PairBatch pair_batch(std::span<const Sequence> sources, std::span<const Sequence> targets,
                     std::span<const std::int64_t> numbers, const PairFrame& frame) {
  require_same_count(sources.size(), targets.size());
  const auto B = static_cast<std::int64_t>(numbers.size());
  const std::int64_t S = longest(sources, numbers) + 1, T = longest(targets, numbers) + 1;
  PairBatch batch{filled(B, S, frame.pad), Tensor::empty({B}, DType::i64), filled(B, T, frame.pad),
                  filled(B, T, kIgnoredTarget)};
  for (std::int64_t b = 0; b < B; ++b) {
    const auto number = static_cast<std::size_t>(numbers[static_cast<std::size_t>(b)]);
    const Sequence &source = sources[number], &target = targets[number];
    *std::copy(source.begin(), source.end(), batch.source.mutable_data<std::int64_t>() + b * S) =
        frame.end;
    batch.source_lengths.mutable_data<std::int64_t>()[b] =
        static_cast<std::int64_t>(source.size()) + 1;
    std::int64_t* input = batch.input.mutable_data<std::int64_t>() + b * T;
    *input = frame.start;
    std::copy(target.begin(), target.end(), input + 1);
    *std::copy(target.begin(), target.end(), batch.target.mutable_data<std::int64_t>() + b * T) =
        frame.end;
  }
  return batch;
}

std::vector<std::int64_t> line_lengths(std::span<const Sequence> lines) {
  std::vector<std::int64_t> lengths;
  for (const Sequence& line : lines) lengths.push_back(static_cast<std::int64_t>(line.size()) + 2);
  return lengths;
}

MaskedBatch masked_batch(std::span<const Sequence> lines, std::span<const std::int64_t> numbers,
                         const Tokenizer& tokenizer, std::uint64_t seed, std::int64_t epoch) {
  const std::int64_t pad = tokenizer.special(kPadToken), start = tokenizer.special(kStartToken),
                     end = tokenizer.special(kEndToken), mask = tokenizer.special(kMaskToken);
  std::vector<std::int64_t> ordinary;
  for (std::int64_t id = 0; id < tokenizer.size(); ++id) {
    if (!tokenizer.is_special(id)) ordinary.push_back(id);
  }
  const auto B = static_cast<std::int64_t>(numbers.size());
  const std::int64_t T = longest(lines, numbers) + 2;
  MaskedBatch batch{filled(B, T, pad), Tensor::empty({B}, DType::i64),
                    filled(B, T, kIgnoredTarget)};
  for (std::int64_t b = 0; b < B; ++b) {
    const std::int64_t number = numbers[static_cast<std::size_t>(b)];
    const Sequence& line = lines[static_cast<std::size_t>(number)];
    std::int64_t* input = batch.input.mutable_data<std::int64_t>() + b * T;
    *input = start;
    *std::copy(line.begin(), line.end(), input + 1) = end;
    const auto count = static_cast<std::int64_t>(line.size());
    batch.lengths.mutable_data<std::int64_t>()[b] = count + 2;
    Random random = random_for(Purpose::masks, seed, epoch, number);
    mask_line(input + 1, batch.target.mutable_data<std::int64_t>() + b * T + 1, count, ordinary,
              mask, random);
  }
  return batch;
}

}  // namespace clearhead
