// BLEU: how close translations are to those of people, as `sacrebleu --lowercase` measures it.
//
// Sources: Papineni et al., "BLEU: a method for automatic evaluation of machine translation" (ACL
// 2002); Post, "A call for clarity in reporting BLEU scores" (WMT 2018): signature
// nrefs:1|case:lc|eff:no|tok:13a|smooth:exp.
#ifndef CLEARHEAD_TRAIN_BLEU_H_
#define CLEARHEAD_TRAIN_BLEU_H_

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clearhead {

/// A score and what it is made of.
struct Bleu {
  double score = 0;                       ///< 0 … 100
  std::array<double, 4> precisions = {};  ///< of 1 to 4 words in a row, in percent
  double brevity_penalty = 1;             ///< exp(1 − references/translations), at most 1
  std::int64_t translations = 0;          ///< words of all translations
  std::int64_t references = 0;            ///< words of all references
};

/// BLEU of a whole text: line i of `translations` is compared with line i of `references`, both in
/// lower case. For the first n with no right sequence of n words 1/2 counts, for the next 1/4, and
/// so on (exponential smoothing). Throws Error unless there are as many lines in both.
Bleu bleu(std::span<const std::string> translations, std::span<const std::string> references);

/// The words and punctuation marks that are counted, by tokenization "13a" of NIST's mteval-v13a;
/// not in lower case.
std::vector<std::string> words_13a(std::string_view text);

}  // namespace clearhead

#endif  // CLEARHEAD_TRAIN_BLEU_H_
