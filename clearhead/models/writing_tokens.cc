// The tokens that begin and end what is written. generation_config.json, where there is one, knows
// better than config.json.
//
// Source: GenerationConfig of Hugging Face's transformers.
#include <optional>
#include <string>

#include "clearhead/models/hugging_face_internal.h"
#include "clearhead/models/model_file_internal.h"

namespace clearhead {

WritingTokens read_writing_tokens(const std::filesystem::path& folder, ConfigJson& config,
                                  Family family) {
  std::optional<ConfigJson> generation;
  if (exists(folder / kGeneration)) generation.emplace(read_config_json(folder / kGeneration));
  const auto source = [&](const char* name) -> ConfigJson& {
    return generation && generation->has(name) ? *generation : config;
  };
  const auto token_in = [](ConfigJson& from, const char* name) -> std::optional<std::int64_t> {
    if (!from.has(name)) return std::nullopt;
    return from.integer(name, 0);
  };
  const auto token = [&](const char* name) { return token_in(source(name), name); };
  WritingTokens tokens{.ends = source("eos_token_id").integers("eos_token_id")};
  if (family != Family::encoder_decoder) {
    tokens.begin = token("bos_token_id");
    return tokens;
  }
  tokens.begin = token("decoder_start_token_id");
  if (!tokens.begin) tokens.begin = token("pad_token_id");  // of T5
  ConfigJson& writing = generation ? *generation : config;
  tokens.first = token_in(writing, "forced_bos_token_id");
  for (const auto& word : writing.integer_lists("bad_words_ids")) {
    if (word.size() == 1) tokens.never.push_back(word.front());
  }
  return tokens;
}

}  // namespace clearhead
