// Fields of a config.json, checked one by one.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "clearhead/base/error.h"
#include "clearhead/models/config_json_internal.h"
#include "clearhead/text/text_file.h"

namespace clearhead {
namespace {

using Json = nlohmann::json;

Json parse(std::string_view text, const std::string& file) {
  try {
    Json root = Json::parse(text);
    if (root.is_object()) return root;
  } catch (const Json::parse_error& error) {
    throw Error(fmt::format("{}: byte {}: no valid JSON", file, error.byte));
  } catch (const Json::out_of_range&) {
    throw Error(file + ": it has a number that is too large");
  }
  throw Error(file + ": expected a JSON object");
}

// A value, short enough for a message.
std::string shown(const Json& value) {
  constexpr std::size_t kMost = 60;
  const std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  return text.size() <= kMost ? text : text.substr(0, kMost) + "…";
}

// Whether a value that is not understood cannot have an effect.
bool is_off(const Json& value) {
  return value.is_null() || value == false || value == 0 || value == "" ||
         ((value.is_array() || value.is_object()) && value.empty());
}

// Fields that say how a model was trained, kept or written, what its special tokens are, or what a
// library does around it.
bool has_no_effect(const std::string& name) {
  static const std::set<std::string> kNames = {"architectures",
                                               "model_type",
                                               "torch_dtype",
                                               "dtype",
                                               "use_cache",
                                               "id2label",
                                               "label2id",
                                               "transformers_version",
                                               "initializer_range",
                                               "initializer_factor",
                                               "tokenizer_class",
                                               "problem_type",
                                               "task_specific_params",
                                               "finetuning_task",
                                               "auto_map",
                                               "attn_implementation",
                                               "gradient_checkpointing",
                                               "output_past",
                                               "output_attentions",
                                               "output_hidden_states",
                                               "return_dict",
                                               "use_return_dict",
                                               "pretraining_tp",
                                               "num_labels",
                                               "chunk_size_feed_forward",
                                               "is_encoder_decoder",
                                               "prefix",
                                               "language",
                                               "name_or_path",
                                               "sep_token",
                                               "unsloth_version",
                                               "unsloth_fixed",
                                               "classifier_bias",
                                               "summary_type",
                                               "summary_use_proj",
                                               "summary_activation",
                                               "summary_proj_to_labels",
                                               "summary_first_dropout",
                                               "n_ctx",
                                               "qa_dropout",
                                               "directionality",
                                               "embedding_size_per_head",
                                               "pooler_fc_size",
                                               "pooler_num_attention_heads",
                                               "pooler_num_fc_layers",
                                               "pooler_size_per_head",
                                               "pooler_type",
                                               "reorder_and_upcast_attn",
                                               "max_length",
                                               "min_length",
                                               "num_beams",
                                               "early_stopping",
                                               "no_repeat_ngram_size",
                                               "length_penalty",
                                               "temperature",
                                               "top_k",
                                               "top_p",
                                               "do_sample",
                                               "repetition_penalty",
                                               "bad_words_ids",
                                               "cache_implementation",
                                               "use_bfloat16"};
  const auto ends = [&](std::string_view end) { return name.ends_with(end); };
  return kNames.contains(name) || name.starts_with("_") || ends("_token_id") || ends("_ids") ||
         name.find("dropout") != std::string::npos || ends("_pdrop") || ends("_drop") ||
         name.starts_with("router_") || name.starts_with("initializer");
}

}  // namespace

ConfigJson::ConfigJson(std::string_view text, std::string file)
    : json_(std::make_unique<Json>(parse(text, file))), file_(std::move(file)) {}

ConfigJson::ConfigJson(std::unique_ptr<Json> json, std::string file, std::string place)
    : json_(std::move(json)), file_(std::move(file)), place_(std::move(place)) {}

ConfigJson::ConfigJson(ConfigJson&&) noexcept = default;
ConfigJson::~ConfigJson() = default;

const Json* ConfigJson::find(const char* name) {
  known_.insert(name);
  const auto found = json_->find(name);
  return found == json_->end() || found->is_null() ? nullptr : &*found;
}

bool ConfigJson::has(const char* name) const {
  const auto found = json_->find(name);
  return found != json_->end() && !found->is_null();
}

bool ConfigJson::is_null(const char* name) {
  known_.insert(name);
  const auto found = json_->find(name);
  return found != json_->end() && found->is_null();
}

std::int64_t ConfigJson::size(const char* name, std::int64_t most) {
  if (!has(name)) fail(name, "it is missing, and says how large the model is");
  const std::int64_t size = integer(name, 0, most);
  if (size < 1) fail(name, "expected a number of at least 1, got 0");
  return size;
}

std::int64_t ConfigJson::integer(const char* name, std::int64_t otherwise, std::int64_t most) {
  const Json* const value = find(name);
  if (value == nullptr) return otherwise;
  const bool fits = value->is_number_integer() && *value >= 0 && *value <= most;
  if (!fits) {
    fail(name, fmt::format("expected a whole number from 0 to {}, got {}", most, shown(*value)));
  }
  return value->get<std::int64_t>();
}

double ConfigJson::number(const char* name, double otherwise) {
  const Json* const value = find(name);
  if (value == nullptr) return otherwise;
  if (!value->is_number() || !std::isfinite(value->get<double>())) {
    fail(name, "expected a number, got " + shown(*value));
  }
  return value->get<double>();
}

double ConfigJson::positive(const char* name, double otherwise, double most) {
  const double value = number(name, otherwise);
  if (value > 0 && value <= most) return value;
  fail(name, fmt::format("expected a number above 0 and at most {}, got {}", most, value));
}

bool ConfigJson::flag(const char* name, bool otherwise) {
  const Json* const value = find(name);
  if (value == nullptr) return otherwise;
  if (!value->is_boolean()) fail(name, "expected true or false, got " + shown(*value));
  return value->get<bool>();
}

std::string ConfigJson::text(const char* name, std::string otherwise) {
  const Json* const value = find(name);
  if (value == nullptr) return otherwise;
  if (!value->is_string()) fail(name, "expected a string, got " + shown(*value));
  return value->get<std::string>();
}

std::vector<std::string> ConfigJson::texts(const char* name) {
  const Json* const value = find(name);
  if (value == nullptr) return {};
  std::vector<std::string> texts;
  for (const Json& element : value->is_array() ? *value : Json::array({*value})) {
    if (!element.is_string()) fail(name, "expected strings, got " + shown(element));
    texts.push_back(element.get<std::string>());
  }
  return texts;
}

std::vector<std::int64_t> ConfigJson::integers(const char* name) {
  const Json* const value = find(name);
  if (value == nullptr) return {};
  std::vector<std::int64_t> integers;
  for (const Json& element : value->is_array() ? *value : Json::array({*value})) {
    if (!element.is_number_integer()) fail(name, "expected numbers, got " + shown(element));
    integers.push_back(element.get<std::int64_t>());
  }
  return integers;
}

std::vector<std::vector<std::int64_t>> ConfigJson::integer_lists(const char* name) {
  const Json* const value = find(name);
  if (value == nullptr) return {};
  std::vector<std::vector<std::int64_t>> lists;
  for (const Json& list : value->is_array() ? *value : Json::array({*value})) {
    const bool fits = list.is_array() &&
                      std::all_of(list.begin(), list.end(),
                                  [](const Json& element) { return element.is_number_integer(); });
    if (!fits) fail(name, "expected lists of numbers, got " + shown(list));
    lists.push_back(list.get<std::vector<std::int64_t>>());
  }
  return lists;
}

std::vector<std::string> ConfigJson::numbered_texts(const char* name) {
  const Json* const value = find(name);
  if (value == nullptr) return {};
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < value->size(); ++i) {
    const std::string key = std::to_string(i);
    if (!value->is_object() || !value->contains(key) || !(*value)[key].is_string()) {
      fail(name, "expected an object of strings with the keys 0, 1, …, got " + shown(*value));
    }
    texts.push_back((*value)[key].get<std::string>());
  }
  return texts;
}

std::optional<ConfigJson> ConfigJson::object(const char* name) {
  const Json* const value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_object()) fail(name, "expected an object, got " + shown(*value));
  return ConfigJson(std::make_unique<Json>(*value), file_, place_ + name + ".");
}

std::vector<ConfigJson> ConfigJson::objects(const char* name) {
  const Json* const value = find(name);
  std::vector<ConfigJson> objects;
  if (value == nullptr) return objects;
  if (!value->is_array()) fail(name, "expected a list, got " + shown(*value));
  for (const Json& element : *value) {
    const std::string place = fmt::format("{}{}[{}]", place_, name, objects.size());
    if (!element.is_object()) fail(name, "expected objects, got " + shown(element));
    objects.push_back(ConfigJson(std::make_unique<Json>(element), file_, place + "."));
  }
  return objects;
}

void ConfigJson::require(const char* name, bool value) {
  if (flag(name, value) != value) {
    fail(name, fmt::format("{} is not supported, only {}", !value, value));
  }
}

void ConfigJson::ignore(std::initializer_list<const char*> names) {
  known_.insert(names.begin(), names.end());
}

void ConfigJson::refuse_others() const {
  for (const auto& [name, value] : json_->items()) {
    if (known_.contains(name) || has_no_effect(name) || is_off(value)) continue;
    fail(name, fmt::format("the option (here {}) is not supported; supported are {}", shown(value),
                           fmt::join(known_, ", ")));
  }
}

void ConfigJson::fail(std::string_view name, const std::string& fault) const {
  throw Error(fmt::format("{}: {}{}: {}", file_, place_, name, fault));
}

ConfigJson read_config_json(const std::filesystem::path& path) {
  return ConfigJson(read_text(path), path.string());
}

}  // namespace clearhead
