// Settings become the config.json that the same model has in Hugging Face's layout, so that one
// reader of each model type knows what they mean; tensors are found by names of their own.
//
// Source: https://github.com/ggml-org/llama.cpp, src/llama-model.cpp and convert_hf_to_gguf.py
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clearhead/base/encoding.h"
#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/models/gguf_names_internal.h"
#include "clearhead/models/gguf_rotary_internal.h"
#include "clearhead/models/gguf_tokenizer.h"
#include "clearhead/models/hugging_face_internal.h"
#include "clearhead/models/model_file_internal.h"

namespace clearhead {
namespace {

using Json = nlohmann::json;

// ---- Architectures ----

struct GgufArchitecture {
  std::string_view name;  // in the file, and as a model type
  std::span<const SettingName> settings;
  std::span<const TensorNames> names;  // those in which it differs
  bool has_rotary = false;
  bool is_interleaved = false;  // of q and k, rows that turn together lie side by side
};

constexpr GgufArchitecture kArchitectures[] = {
    {"llama", kGgufLlamaSettings, kGgufLlamaNames, true, true},
    {"qwen2", kGgufLlamaSettings, kGgufLlamaNames, true},
    {"qwen3", kGgufLlamaSettings, kGgufLlamaNames, true},
    {"phi3", kGgufLlamaSettings, kGgufPhi3Names, true},
    {"gemma", kGgufLlamaSettings, {}, true},
    {"gemma2", kGgufLlamaSettings, kGgufGemma2Names, true},
    {"gpt2", kGgufGpt2Settings, kGgufGpt2Names},
    {"bert", kGgufBertSettings, kGgufBertNames},
};

[[noreturn]] void fail(const GgufFile& file, std::string_view name, const std::string& fault) {
  throw Error(fmt::format("{}: {}: {}", file.tensors.name, name, fault));
}

const GgufArchitecture& architecture_of(const GgufFile& file) {
  constexpr std::string_view kKey = "general.architecture";
  const std::string name = file.at(kKey).text();
  std::string known;
  for (const GgufArchitecture& architecture : kArchitectures) {
    if (architecture.name == name) return architecture;
    known += (known.empty() ? "" : ", ") + std::string(architecture.name);
  }
  fail(file, kKey, fmt::format("\"{}\" is not supported; supported are {}", name, known));
}

// ---- Settings ----

// Settings "ARCHITECTURE.…" of one file.
class Settings {
 public:
  Settings(const GgufFile& file, const GgufArchitecture& architecture)
      : file_(file), prefix_(std::string(architecture.name) + ".") {}

  std::string name(std::string_view key) const { return prefix_ + std::string(key); }
  const GgufValue* find(std::string_view key) const { return file_.find(name(key)); }
  std::int64_t integer(std::string_view key) const { return file_.at(name(key)).integer(); }
  std::int64_t integer(std::string_view key, std::int64_t otherwise) const {
    const GgufValue* const value = find(key);
    return value == nullptr ? otherwise : value->integer();
  }
  double number(std::string_view key, double otherwise) const {
    const GgufValue* const value = find(key);
    return value == nullptr ? otherwise : value->number();
  }
  [[noreturn]] void refuse(std::string_view key, const std::string& fault) const {
    fail(file_, name(key), fault);
  }

  // Those of the table as fields of config.json. One that the table does not have keeps its name,
  // so that the reader of configs refuses it if it may have an effect.
  Json fields(std::span<const SettingName> table) const {
    for (const SettingName& row : table) {
      if (row.is_needed) file_.at(name(row.theirs));  // or says that it is missing
    }
    Json fields = Json::object();
    for (auto at = file_.values.lower_bound(prefix_);
         at != file_.values.end() && at->first.starts_with(prefix_); ++at) {
      const std::string_view key = std::string_view(at->first).substr(prefix_.size());
      const auto row = std::find_if(table.begin(), table.end(),
                                    [&](const SettingName& one) { return one.theirs == key; });
      if (row == table.end()) {
        fields[at->first] = as_json(key, at->second);
      } else if (!row->ours.empty()) {
        fields[Json::json_pointer("/" + std::string(row->ours))] = as_json(key, at->second);
      }
    }
    return fields;
  }

 private:
  Json as_json(std::string_view key, const GgufValue& value) const {
    if (value.is_array()) return "an array";  // as no field here is
    switch (value.kind()) {
      case GgufValue::Kind::integer:
        return value.integer();
      case GgufValue::Kind::number:
        if (!std::isfinite(value.number())) refuse(key, "expected a finite number");
        return value.number();
      case GgufValue::Kind::boolean:
        return value.boolean();
      default:
        return value.text();
    }
  }

  const GgufFile& file_;
  std::string prefix_;
};

// Its head: half of the numbers turn with the other half.
std::int64_t size_of_head(const Settings& settings) {
  const std::int64_t heads = settings.integer("attention.head_count");
  if (heads < 1) settings.refuse("attention.head_count", "expected a number of at least 1");
  return settings.integer("attention.key_length", settings.integer("embedding_length") / heads);
}

std::vector<double> rope_factors(const TensorFile::Entry& entry, std::int64_t turned) {
  if (entry.shape != Shape{turned / 2} || !entry.dtype || !is_floating(*entry.dtype)) {
    throw Error(fmt::format("{}: expected {} of floating type, got {} of {}", entry.name,
                            to_string(Shape{turned / 2}), to_string(entry.shape), entry.type));
  }
  const Tensor factors = entry.read();
  std::vector<double> numbers;
  for (std::int64_t i = 0; i < factors.count(); ++i) numbers.push_back(factors.at({i}));
  return numbers;
}

// What is said of rotary positions in other ways than by a setting of its own.
void add_rotary(const GgufFile& file, const GgufArchitecture& architecture,
                const Settings& settings, Json& fields) {
  const std::int64_t head = size_of_head(settings);
  if (settings.integer("attention.value_length", head) != head) {
    settings.refuse("attention.value_length", "expected attention.key_length");
  }
  fields["head_dim"] = head;
  const std::int64_t turned = settings.integer("rope.dimension_count", head);
  if (turned < 2 || turned > head || (turned < head && architecture.is_interleaved)) {
    settings.refuse("rope.dimension_count",
                    fmt::format("expected the size of a head, {}, got {}", head, turned));
  }
  if (turned < head) {  // half a number more, so that cutting off gives the number
    fields["partial_rotary_factor"] =
        (static_cast<double>(turned) + 0.5) / static_cast<double>(head);
  }
  Json& scaling = fields["rope_scaling"];
  if (scaling.is_object() && scaling.contains("rope_type") && scaling["rope_type"] == "none") {
    scaling["rope_type"] = "default";
  }
  const TensorFile::Entry* const entry = file.tensors.find("rope_freqs.weight");
  if (entry == nullptr) return;
  const double theta = settings.number("rope.freq_base", 10000);
  const std::optional<RotaryScaling> found = naming(
      file.tensors.name, [&] { return scaling_of_factors(rope_factors(*entry, turned), theta); });
  if (!found) fail(file, entry->name, "expected factors as Llama 3 has them");
  if (found->kind == RotaryScalingKind::none) return;
  const bool is_linear = found->kind == RotaryScalingKind::linear;
  scaling = {{"rope_type", is_linear ? "linear" : "llama3"}, {"factor", found->factor}};
  if (is_linear) return;
  scaling["low_freq_factor"] = found->low_frequency;
  scaling["high_freq_factor"] = found->high_frequency;
  scaling["original_max_position_embeddings"] = found->original_length;
}

// llama.cpp scales scores by the size of a head, but in the 27B model, which it tells by its
// layers, by that of a part of the channels.
std::int64_t gemma2_scalar(const Settings& settings) {
  constexpr std::int64_t kLayersOf27B = 46;
  return settings.integer("block_count") == kLayersOf27B
             ? settings.integer("embedding_length") / settings.integer("attention.head_count")
             : size_of_head(settings);
}

// The config.json of the same model.
std::string config_of(const GgufFile& file, const GgufArchitecture& architecture) {
  const Settings settings(file, architecture);
  const bool is_encoder = architecture.name == "bert";
  const GgufValue* const causal = settings.find("attention.causal");
  if (causal != nullptr && causal->boolean() == is_encoder) {
    settings.refuse("attention.causal", fmt::format("expected {}", !is_encoder));
  }
  Json fields = settings.fields(architecture.settings);
  const auto size = [&](std::string_view name) {
    const TensorFile::Entry& entry = file.tensors.at(name);
    return entry.shape.empty() ? 0 : entry.shape.front();
  };
  fields["model_type"] = architecture.name;
  fields["vocab_size"] = size("token_embd.weight");
  if (is_encoder) {
    fields["type_vocab_size"] = size("token_types.weight");
  } else {
    fields["tie_word_embeddings"] = file.tensors.find("output.weight") == nullptr;
  }
  if (architecture.has_rotary) add_rotary(file, architecture, settings, fields);
  if (architecture.name == "gemma2") fields["query_pre_attn_scalar"] = gemma2_scalar(settings);
  if (architecture.name == "llama" && file.tensors.find("blk.0.attn_q.bias") != nullptr) {
    fields["attention_bias"] = true;
  }
  return fields.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// How the vector of a text is made. Its length is 1, as llama.cpp gives it.
void add_pooling(const GgufFile& file, const GgufArchitecture& architecture,
                 SentenceEncoderConfig& encoder) {
  const Settings settings(file, architecture);
  encoder.normalized = true;
  switch (settings.integer("pooling_type", 1)) {  // as llama.cpp numbers them
    case 0:                                       // not said
    case 1:
      encoder.pooling = Pooling::mean;
      break;
    case 2:
      encoder.pooling = Pooling::first;
      break;
    case 3:
      encoder.pooling = Pooling::last;
      break;
    default:
      settings.refuse("pooling_type", "expected 1 (mean), 2 (the first token) or 3 (the last)");
  }
}

// The tokens with which texts begin and end, and what surrounds the messages of a conversation.
void read_frame(const GgufFile& file, const std::string& name, SavedModel& saved) {
  const auto id = [&](const char* key) -> std::optional<std::int64_t> {
    const GgufValue* const value = file.find("tokenizer.ggml." + std::string(key));
    if (value == nullptr) return std::nullopt;
    return value->integer();
  };
  saved.tokens.begin = id("bos_token_id");
  for (const char* const key : {"eos_token_id", "eot_token_id", "eom_token_id"}) {
    const std::optional<std::int64_t> end = id(key);
    const auto& ends = saved.tokens.ends;
    if (end && std::find(ends.begin(), ends.end(), *end) == ends.end())
      saved.tokens.ends.push_back(*end);
  }
  const GgufValue* const chat = file.find("tokenizer.chat_template");
  if (chat != nullptr) saved.chat.jinja = chat->text();
  if (find_invalid_utf8(saved.chat.jinja) != std::string_view::npos) {
    throw Error(fmt::format("{}: tokenizer.chat_template: it is no UTF-8", name));
  }
  if (saved.tokens.begin) saved.chat.start = saved.tokenizer->token(*saved.tokens.begin);
  if (!saved.tokens.ends.empty())
    saved.chat.end = saved.tokenizer->token(saved.tokens.ends.front());
}

// ---- Tensors ----

// Rows of heads whose numbers 2i and 2i + 1 turn together, as ours, where i and D/2 + i do.
Tensor in_halves(const Tensor& rows, std::int64_t heads) {
  const std::int64_t D = rows.size(0) / heads;
  return rows
      .reshape({heads, D / 2, 2, -1})  // [H, D/2, 2, in]
      .transpose(1, 2)
      .reshape(rows.shape());
}

// Queries and keys are turned when they are read.
TensorFile with_halves(TensorFile file, const TransformerConfig& network) {
  for (TensorFile::Entry& entry : file.entries) {
    const bool is_query = entry.name.find(".attn_q.") != std::string::npos;
    if (!is_query && entry.name.find(".attn_k.") == std::string::npos) continue;
    const std::int64_t heads = is_query || network.kv_heads == 0 ? network.heads : network.kv_heads;
    entry.read = [heads, read = std::move(entry.read)] { return in_halves(read(), heads); };
  }
  return file;
}

}  // namespace

StoredModel open_stored(const GgufFile& file, bool keep_bf16) {
  const std::string& name = file.tensors.name;
  const GgufArchitecture& architecture = architecture_of(file);
  const GgufValue* const parts = file.find("split.count");
  if (parts != nullptr && parts->integer() > 1) {
    fail(file, "split.count",
         "the model lies in several files; llama-gguf-split --merge joins them");
  }
  StoredModel stored;
  SavedModel& saved = stored.saved;
  saved.config =
      parse_hugging_face(config_of(file, architecture), name + ": its settings as a config.json");
  auto* const encoder = std::get_if<SentenceEncoderConfig>(&saved.config.network);
  if (encoder != nullptr) add_pooling(file, architecture, *encoder);
  saved.tokenizer = gguf_tokenizer(file, name);
  read_frame(file, name, saved);
  saved.model = naming(name, [&] { return make_model(saved.config, /*seed=*/std::nullopt); });
  ModelType names;
  names.names = architecture.names;
  names.more_names = kGgufNames;
  Parameters& parameters = saved.model->parameters();
  const TensorFile theirs =
      architecture.is_interleaved
          ? with_halves(file.tensors, std::get<TransformerConfig>(saved.config.network))
          : file.tensors;
  stored.ours = naming(name, [&] { return our_tensors(theirs, names, parameters); });
  use_tokenizer(name, saved);
  parameters.load(stored.ours, keep_bf16 && row_of(saved.config.family).reads_bf16);
  return stored;
}

}  // namespace clearhead
