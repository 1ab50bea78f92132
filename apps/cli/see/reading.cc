#include "apps/cli/see/reading.h"

#include <fmt/format.h>

#include <filesystem>

#include "apps/cli/find_model.h"
#include "apps/cli/numbers.h"
#include "clearhead/base/error.h"
#include "clearhead/ops/softmax.h"

namespace clearhead {
namespace {

Tokens named(std::vector<std::int64_t> ids, const Tokenizer& tokenizer) {
  Tokens tokens{std::move(ids), {}};
  for (const std::int64_t id : tokens.ids) tokens.names.push_back(tokenizer.token(id));
  return tokens;
}

Var on_tape(Tape& tape, const Tokens& tokens) {
  const std::int64_t T = std::ssize(tokens.ids);
  return tape.input("tokens", Tensor::of<std::int64_t>({1, T}, tokens.ids));
}

// ids between <s> and </s>, as an encoder is trained on
std::vector<std::int64_t> enclosed(std::vector<std::int64_t> ids, const Tokenizer& tokenizer) {
  ids.insert(ids.begin(), tokenizer.special(kStartToken));
  ids.push_back(tokenizer.special(kEndToken));
  return ids;
}

std::string family_name(Family family) {
  switch (family) {
    case Family::decoder:
      return "decoder";
    case Family::encoder:
      return "encoder";
    case Family::encoder_decoder:
      return "encoder-decoder";
    case Family::recurrent:
      return "recurrent network";
    case Family::recurrent_encoder_decoder:
      break;
  }
  return "recurrent encoder-decoder";
}

}  // namespace

Reading::Reading(const std::string& model, const std::string& given)
    : name(std::filesystem::path(model).filename().string()), saved(open_model(find_model(model))) {
  const Tokenizer& tokenizer = *saved.tokenizer;
  const std::vector<std::int64_t> ids = tokenizer.encode(given);
  Var logits;  // [1, T, V]
  if (const auto* masked = dynamic_cast<const MaskedModel*>(saved.model.get())) {
    text = named(enclosed(ids, tokenizer), tokenizer);
    logits = masked->forward(on_tape(tape, text), {}, {});
  } else {
    text = named(ids, tokenizer);
    logits = as_language_model(saved).forward(on_tape(tape, text), {});
  }
  probabilities = softmax(logits).named("probabilities");
}

std::string Reading::describe() const {
  const ModelConfig& config = saved.config;
  std::string text = name + ": " + family_name(config.family) + ", ";
  if (config.is_recurrent()) {
    text += fmt::format("{}, {} states", counted(config.recurrent.layers, "layer"),
                        config.recurrent.hidden);
  } else {
    text += fmt::format("{} × {}, {} channels", counted(config.transformer.layers, "layer"),
                        counted(config.transformer.heads, "head"), config.transformer.channels);
  }
  return text + fmt::format(", {} tokens, {} parameters", with_commas(saved.model->vocabulary()),
                            with_commas(saved.model->parameters().count()));
}

}  // namespace clearhead
