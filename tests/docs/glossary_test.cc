// docs/glossary.md names each value that networks record, and no others.
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <string>

#include "clearhead/models/decoder.h"
#include "clearhead/models/encoder.h"
#include "clearhead/models/encoder_decoder.h"
#include "clearhead/models/recurrent.h"
#include "clearhead/models/recurrent_encoder_decoder.h"
#include "clearhead/ops/attention_steps.h"
#include "tests/models/model_testing.h"
#include "tests/surroundings.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using Names = std::set<std::string>;

void add(Names& hooks, const std::string& path) {
  const std::string name = path.substr(path.rfind('.') + 1);
  if (name.starts_with("hook_")) hooks.insert(name);
}

void add(Names& hooks, const Tape& tape) {
  for (const std::string& path : tape.names()) add(hooks, path);
}

// The names that each family records, and those of the catalogue of attention's steps, which has
// also what only an option brings about.
Names recorded() {
  Names hooks;
  for (const AttentionStep& step : attention_steps()) add(hooks, step.name);
  const Tensor text = ids({{1, 2, 3}});
  const auto translate = [&](const TranslationModel& model) {
    Tape tape(Keep::everything);
    const Memory memory = model.encode(tape.input("source_tokens", text), lengths({2}), {});
    model.decode(memory, tape.input("tokens", text), {});
    add(hooks, tape);
  };
  for (auto [name, config] : presets()) {
    for (const TransformerPositions positions : {config.positions, TransformerPositions::alibi}) {
      config.positions = positions;
      Tape decoder(Keep::everything), encoder(Keep::everything);
      Decoder(config, 0).forward(decoder.input("tokens", text), {});
      Encoder(config, 0).forward(encoder.input("tokens", text), {}, {});
      add(hooks, decoder);
      add(hooks, encoder);
      translate(EncoderDecoder(config, 0));
    }
  }
  for (const NormKind kind : {NormKind::layer, NormKind::rms, NormKind::batch}) {
    Tape tape(Keep::everything);
    Parameters parameters;
    const Norm norm(parameters, "norm", 4, {.kind = kind});
    norm.forward(tape.input("x", random_tensor({2, 4}, 0, DType::f32)), {.training = true});
    add(hooks, tape);
  }
  for (const auto& [name, config] : recurrent_configs()) {
    translate(RecurrentEncoderDecoder(config, 0));
    if (config.attention || config.bidirectional) continue;
    Tape tape(Keep::everything);
    RecurrentLanguageModel(config, 0).forward(tape.input("tokens", text), {});
    add(hooks, tape);
  }
  return hooks;
}

TEST(Glossary, NamesWhatNetworksRecord) {
  const std::string page = content(std::string(CLEARHEAD_SOURCE_DIR) + "/docs/glossary.md");
  const std::regex hook("`(hook_[a-z_]+)`");
  Names named;
  for (std::sregex_iterator at(page.begin(), page.end(), hook), end; at != end; ++at) {
    named.insert((*at)[1]);
  }
  EXPECT_EQ(named, recorded());
}

}  // namespace
}  // namespace clearhead
