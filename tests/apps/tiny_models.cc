// Makes models of one layer and writes them with a tokenizer of letters.
#include "tests/apps/tiny_models.h"

#include <array>
#include <string_view>
#include <vector>

#include "clearhead/text/byte_pairs.h"
#include "clearhead/text/characters.h"

namespace clearhead {
namespace {

constexpr std::string_view kCharacters = "abcdefghijklmnopqrstuvwxyz .\n";

// Large weights, so that what a model says depends on all that it reads.
SavedModel write(const std::filesystem::path& folder, Family family, const Tokenizer& tokenizer) {
  const TransformerConfig transformer{.vocabulary = tokenizer.size(),
                                      .context = 32,
                                      .layers = 1,
                                      .heads = 2,
                                      .channels = 8,
                                      .init_std = 0.5};
  ModelConfig config{family, transformer};
  if (family == Family::sentence_encoder) config.network = SentenceEncoderConfig{transformer};
  if (family == Family::text_classifier) {
    config.network = TextClassifierConfig{transformer, /*labels=*/{"yes", "no"}};
  }
  save_model(folder, config, tokenizer, make_model(config, 5)->parameters());
  return open_model(folder);
}

Tokenizer with_specials() {
  std::vector<std::string> specials;
  for (const std::string_view name : {kPadToken, kStartToken, kEndToken, kMaskToken}) {
    specials.emplace_back(name);
  }
  return learn_characters(kCharacters, specials);
}

}  // namespace

SavedModel write_language_model(const std::filesystem::path& folder) {
  return write(folder, Family::decoder, learn_characters(kCharacters));
}

SavedModel write_byte_model(const std::filesystem::path& folder) {
  const std::array<std::string_view, 1> text = {kCharacters};
  return write(folder, Family::decoder, learn_byte_pairs(text, {.size = 256}));
}

SavedModel write_masked_model(const std::filesystem::path& folder) {
  return write(folder, Family::encoder, with_specials());
}

SavedModel write_translation_model(const std::filesystem::path& folder) {
  return write(folder, Family::encoder_decoder, with_specials());
}

SavedModel write_embedding_model(const std::filesystem::path& folder) {
  return write(folder, Family::sentence_encoder, with_specials());
}

SavedModel write_classification_model(const std::filesystem::path& folder) {
  return write(folder, Family::text_classifier, with_specials());
}

}  // namespace clearhead
