// Queries and keys of one long sequence, in which a map of its attention has something to find:
//
//     example-long-sequence TOKENS FOLDER      writes FOLDER/q.npy and FOLDER/k.npy, [TOKENS, 64]
//
// The sequence is a made-up book. It has chapters of 6,000 to 50,000 tokens, each about one of ten
// topics; the third chapter stands in it three times, word for word. A head that reads it mixes
// four habits, each in numbers of its own, so that a score is the sum of what they say:
//
//     where   24 numbers   near tokens more than far ones: rotary positions (Su et al. 2021)
//     topic    8 numbers   chapters about the same topic
//     words   31 numbers   what followed the same two words before, as induction heads do
//     rest     1 number    where nothing is found: the first token of all and of each chapter
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/base/parallel.h"
#include "clearhead/base/random.h"
#include "clearhead/tensor/npy.h"

namespace {

using clearhead::Random;

constexpr std::uint64_t kSeed = 7;
constexpr std::int64_t kD = 64;
constexpr std::int64_t kTopics = 10;
constexpr double kScale = 8;  // √D: attention divides by it

// What a habit adds to a score at most, in natural logarithms.
constexpr double kWhere = 11, kTopic = 4, kWords = 11, kRest = 12;

struct Chapter {
  std::int64_t begin;
  std::int64_t text;  // chapters of the same text have the same words
  std::int64_t topic;
};

std::vector<Chapter> chapters(std::int64_t tokens) {
  Random random(kSeed);
  std::vector<Chapter> all;
  std::int64_t third = 0;  // the length of the third chapter
  const std::int64_t unit = std::max<std::int64_t>(1, tokens >> 20);
  for (std::int64_t at = 0; at < tokens;) {
    const std::int64_t number = std::ssize(all);
    const bool again = number == 13 || number == 24;
    all.push_back({at, again ? 2 : number,
                   again ? all[2].topic : static_cast<std::int64_t>(random.below(kTopics))});
    const std::int64_t length =
        number == 2 ? 40000 * unit : 6000 * unit + static_cast<std::int64_t>(random.below(44000));
    if (number == 2) third = length;
    at += again ? third : length;
  }
  return all;
}

// The word at t of a text, of 32,768. Frequent words and rare ones: the square of a random number.
std::uint64_t word_at(const Chapter& chapter, std::int64_t t) {
  Random words(kSeed + 1, static_cast<std::uint64_t>((chapter.text << 32) + t - chapter.begin));
  const double chance = words.uniform();
  return static_cast<std::uint64_t>(chance * chance * 32768);
}

// The 31 numbers of the words at t and before it, the same wherever these two stand.
void write_words(const Chapter& chapter, std::int64_t t, float* to) {
  Random letters(kSeed + 2, (word_at(chapter, t - 1) << 32) + word_at(chapter, t));
  for (int i = 0; i < 31; ++i) {
    const double size = std::sqrt(kWords * kScale / 31);
    to[i] = static_cast<float>(letters.below(2) == 0 ? -size : size);
  }
}

// The numbers of one token, each habit in its place. `sharp`: how strongly this token's query
// looks.
void write_token(std::int64_t t, const Chapter& chapter, double sharp, float* q, float* k) {
  for (int i = 0; i < 12; ++i) {  // the angle of pair i turns by 1 to 10⁻⁶ a token
    const double angle = static_cast<double>(t) * std::pow(1e6, -i / 11.0);
    const double size = std::sqrt(kWhere * kScale / 12);
    q[2 * i] = k[2 * i] = static_cast<float>(size * std::cos(angle));
    q[2 * i + 1] = k[2 * i + 1] = static_cast<float>(size * std::sin(angle));
  }
  Random topic(kSeed, 1000 + static_cast<std::uint64_t>(chapter.topic));
  for (int i = 0; i < 8; ++i) {
    const double x = topic.normal() * std::sqrt(kTopic * kScale / 8);
    q[24 + i] = k[24 + i] = static_cast<float>(x);
  }
  // A query looks for its words in what follows them: keys have the words before their own.
  if (t > chapter.begin) write_words(chapter, t, q + 32);
  if (t > chapter.begin + 1) write_words(chapter, t - 1, k + 32);
  const double size = std::sqrt(kRest * kScale);
  q[63] = static_cast<float>(size);
  k[63] = static_cast<float>(t == chapter.begin ? size * (t == 0 ? 1.2 : 0.9) : 0);
  for (int i = 0; i < kD; ++i) q[i] = static_cast<float>(sharp) * q[i];
}

void write_sequence(std::int64_t tokens, const std::filesystem::path& folder) {
  const std::vector<Chapter> book = chapters(tokens);
  clearhead::Tensor q({tokens, kD}, clearhead::DType::f32);
  clearhead::Tensor k({tokens, kD}, clearhead::DType::f32);
  float* const to_q = q.mutable_data<float>();
  float* const to_k = k.mutable_data<float>();
  clearhead::parallel_for(std::ssize(book), [&](std::int64_t c) {
    const std::int64_t end = c + 1 < std::ssize(book) ? book[c + 1].begin : tokens;
    for (std::int64_t t = book[c].begin; t < end; ++t) {
      const double sharp = 0.7 + 0.4 * Random(kSeed + 3, static_cast<std::uint64_t>(t)).uniform();
      write_token(t, book[c], sharp, to_q + t * kD, to_k + t * kD);
    }
  });
  std::filesystem::create_directories(folder);
  clearhead::write_npy(folder / "q.npy", q);
  clearhead::write_npy(folder / "k.npy", k);
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t tokens = argc == 3 ? std::atoll(argv[1]) : 0;
  if (tokens < 1) {
    std::fprintf(stderr, "Use: %s TOKENS FOLDER\n", argv[0]);
    return 2;
  }
  try {
    write_sequence(tokens, argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
