// A small network with a tokenizer of letters.
#include "tests/lens/tiny_reading.h"

#include <memory>
#include <string>
#include <utility>

#include "clearhead/text/characters.h"
#include "tests/testing.h"

namespace clearhead {

Reading tiny_reading(Family family, std::vector<std::int64_t> ids, TransformerConfig config,
                     Tape tape) {
  auto tokenizer = std::make_shared<Tokenizer>(
      learn_characters("abcdefgh", {std::string(kPadToken), std::string(kStartToken),
                                    std::string(kEndToken), std::string(kMaskToken)}));
  config.vocabulary = tokenizer->size();
  config.context = 16;
  config.layers = 2;
  config.heads = 2;
  config.channels = 8;
  config.hidden = 12;
  const ModelConfig whole{family, config};
  std::unique_ptr<Model> model = make_model(whole, 5, DType::f64);
  shake(model->parameters());
  return {"tiny",
          {whole, std::move(tokenizer), std::move(model)},
          std::move(ids),
          Precision::highest,
          std::move(tape)};
}

}  // namespace clearhead
