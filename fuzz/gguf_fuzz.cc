// Feeds any bytes to the reader of `.gguf`: what it accepts can be read wholly, as copies and as
// views, and takes no more memory than its numbers need. What is a model has all of its weights.
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "clearhead/base/error.h"
#include "clearhead/models/model_file.h"
#include "clearhead/tensor/gguf.h"
#include "fuzz/same.h"

namespace clearhead {
namespace {

// Asks a setting for everything that one can be.
void read_setting(const GgufValue& value) {
  const auto ask = [](const auto& question) {
    try {
      question();
    } catch (const Error&) {
    }
  };
  ask([&] { value.integer(); });
  ask([&] { value.number(); });
  ask([&] { value.boolean(); });
  ask([&] { value.text(); });
  ask([&] { value.integers(); });
  ask([&] { value.numbers(); });
  ask([&] { value.texts(); });
}

void read_model(const GgufFile& file) {
  SavedModel saved;
  try {
    saved = open_model(file);
  } catch (const Error&) {
    return;
  }
  for (const Parameter& parameter : saved.model->parameters()) {
    require(parameter.value().shape() == parameter.shape(), "a weight is as its config says");
  }
  require(saved.model->tokens() <= saved.config.vocabulary(), "what is written has a row");
}

}  // namespace
}  // namespace clearhead

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clearhead;
  const auto bytes = std::as_bytes(std::span(data, size));
  GgufFile file;
  try {
    file = open_gguf(bytes, "input");
  } catch (const Error&) {
    return 0;
  }
  for (const auto& [name, value] : file.values) read_setting(value);
  read_model(file);
  const NamedTensors named = read_what_can_be(file.tensors);
  std::size_t numbers = 0;
  for (const auto& [name, tensor] : named.tensors) {
    numbers += static_cast<std::size_t>(tensor.count());
  }
  require(numbers <= 2 * size, "no number takes less than half a byte");
  require_same(named, read_what_can_be(open_gguf(bytes, "input", std::make_shared<int>()).tensors));
  return 0;
}
