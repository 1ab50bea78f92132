// A new folder is written beside its place and then renamed, so that nobody sees half of it.
#include "clearhead/models/convert.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/models/config_json_internal.h"
#include "clearhead/models/hugging_face_internal.h"
#include "clearhead/models/model_file_internal.h"
#include "clearhead/tensor/shards.h"
#include "clearhead/tensor/stored.h"
#include "clearhead/text/text_file.h"
#include "clearhead/text/tokenizer_file.h"

namespace clearhead {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// ---- Weights ----

std::size_t bytes_of(const TensorFile::Entry& entry) {
  return stored_bytes(entry.shape, stored_type(*entry.dtype), entry.name);
}

// Throws Error if rounding to f16 made a number infinite.
void require_in_range(const Tensor& rounded, const Tensor& tensor, const std::string& name) {
  const Tensor after = rounded.to(DType::f32).contiguous();
  const Tensor before = tensor.to(DType::f32).contiguous();
  const float *a = after.data<float>(), *b = before.data<float>();
  for (std::int64_t i = 0; i < after.count(); ++i) {
    if (!std::isinf(a[i]) || std::isinf(b[i])) continue;
    throw Error(fmt::format("{}: {} is beyond the range of f16; choose bf16 or f32", name, b[i]));
  }
}

// Tensors of floating type become `dtype` when they are read.
void round_to(DType dtype, TensorFile& file) {
  for (TensorFile::Entry& entry : file.entries) {
    if (!entry.dtype || !is_floating(*entry.dtype) || *entry.dtype == dtype) continue;
    entry.dtype = dtype;
    entry.type = dtype_name(dtype);
    entry.read = [dtype, name = entry.name, read = std::move(entry.read)] {
      const Tensor tensor = read();
      Tensor rounded = tensor.to(dtype);
      if (dtype == DType::f16) require_in_range(rounded, tensor, name);
      return rounded;
    };
  }
}

// Calls `progress` for each that is read.
void watch(TensorFile& file, const Conversion& conversion, std::size_t all) {
  if (!conversion.progress) return;
  const auto done = std::make_shared<std::size_t>(0);
  for (TensorFile::Entry& entry : file.entries) {
    entry.read = [=, progress = conversion.progress, read = std::move(entry.read),
                  bytes = bytes_of(entry)] {
      Tensor tensor = read();
      *done += bytes;
      progress(*done, all);
      return tensor;
    };
  }
}

void require_readable(const TensorFile& file) {
  for (const TensorFile::Entry& entry : file.entries) {
    if (!entry.dtype) {
      throw Error(fmt::format("{}: {}: elements of type {} are not supported", file.name,
                              entry.name, entry.type));
    }
  }
}

// What most of the numbers are.
DType main_type(const TensorFile& file) {
  DType type = DType::f32;
  std::size_t most = 0;
  for (const TensorFile::Entry& entry : file.entries) {
    if (!is_floating(*entry.dtype) || bytes_of(entry) <= most) continue;
    most = bytes_of(entry);
    type = *entry.dtype;
  }
  return type;
}

// ---- Other files ----

void write_json(const fs::path& path, const Json& json) {
  write_file(path, [&](std::ostream& out) { out << json.dump(2) << "\n"; });
}

const char* torch_name(DType dtype) {
  if (dtype == DType::bf16) return "bfloat16";
  if (dtype == DType::f16) return "float16";
  return dtype == DType::f64 ? "float64" : "float32";
}

// In the word of old versions of transformers, which new ones read too.
void say_dtype(Json& config, DType dtype) {
  config[config.contains("dtype") ? "dtype" : "torch_dtype"] = torch_name(dtype);
}

void copy_if_there(const fs::path& from, const fs::path& to, const fs::path& name) {
  if (!exists(from / name)) return;
  make_folder((to / name).parent_path());
  fs::copy_file(from / name, to / name);
}

// What a folder of Hugging Face may have beside config and weights.
void copy_companions(const fs::path& from, const fs::path& to) {
  for (const char* const name :
       {kTokenizer, kGeneration, "tokenizer_config.json", "special_tokens_map.json",
        "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt", "tokenizer.model",
        kMarianSource, kMarianTarget, "spiece.model", "sentencepiece.bpe.model",
        "chat_template.jinja", "modules.json", "sentence_bert_config.json",
        "config_sentence_transformers.json", "README.md", "LICENSE"}) {
    copy_if_there(from, to, name);
  }
  const fs::path modules = from / "modules.json";
  if (!exists(modules)) return;
  ConfigJson list("{\"modules\": " + read_text(modules) + "}", modules.string());
  for (ConfigJson& module : list.objects("modules")) {
    const fs::path path = module.text("path", "");
    if (path.empty()) continue;
    if (path != path.filename() || path == "..") {
      module.fail("path", "expected the name of a folder beside it");
    }
    copy_if_there(from, to, path / kConfig);
  }
}

void write_tokenizer_of(const fs::path& from, const SavedModel& saved, const fs::path& to) {
  if (exists(from / kTokenizer)) {
    copy_if_there(from, to, kTokenizer);
  } else if (exists(from / kMarianSource)) {
    for (const char* const name : {kMarianSource, kMarianTarget, kMarianVocabulary}) {
      copy_if_there(from, to, name);
    }
  } else {
    write_tokenizer(to / kTokenizer, *saved.tokenizer);
  }
}

// The tokens that begin and end a text, null where they are not known, so that no default of
// another program is taken for them.
void say_frame(Json& fields, const WritingTokens& tokens, const SavedModel& saved) {
  const auto say = [&](const char* name, const std::optional<std::int64_t>& token) {
    fields[name] = token ? Json(*token) : Json();
  };
  fields["eos_token_id"] = tokens.ends.empty()       ? Json()
                           : tokens.ends.size() == 1 ? Json(tokens.ends.front())
                                                     : Json(tokens.ends);
  if (saved.config.family != Family::encoder_decoder) {
    say("bos_token_id", tokens.begin);
    return;
  }
  say("decoder_start_token_id", tokens.begin);
  say("forced_bos_token_id", tokens.first);
  if (!fields.contains("pad_token_id")) {
    say("pad_token_id", saved.tokenizer->find(kPadToken));
  }
  if (!fields.contains("bad_words_ids") && !tokens.never.empty()) {
    for (const std::int64_t token : tokens.never) fields["bad_words_ids"].push_back({token});
  }
}

// Also where a model of ours leaves it to the names of tokens.
WritingTokens known_tokens(const SavedModel& saved) {
  WritingTokens tokens = saved.tokens;
  if (saved.config.family != Family::encoder_decoder) return tokens;
  const BeamSearchOptions options = search_options(saved);
  tokens.begin = options.start;
  if (tokens.ends.empty()) tokens.ends = {options.end};
  return tokens;
}

// Its other fields, such as a temperature, stay.
void write_generation(const fs::path& from, const WritingTokens& tokens, const SavedModel& saved,
                      const fs::path& to) {
  Json fields = Json::object();
  if (exists(from / kGeneration)) fields = Json::parse(read_text(from / kGeneration));
  if (fields.empty() && !tokens.begin && tokens.ends.empty()) return;
  say_frame(fields, tokens, saved);
  write_json(to / kGeneration, fields);
}

// Its class is that of any tokenizer.json.
void write_tokenizer_config(const ChatSource& chat, const fs::path& to) {
  Json fields = {{"tokenizer_class",
                  exists(to / kMarianSource) ? "MarianTokenizer" : "PreTrainedTokenizerFast"}};
  for (const auto& [name, text] :
       {std::pair{"bos_token", &chat.start}, std::pair{"eos_token", &chat.end},
        std::pair{"chat_template", &chat.jinja}}) {
    if (!text->empty()) fields[name] = *text;
  }
  write_json(to / "tokenizer_config.json", fields);
}

// What follows the network in a sentence encoder.
void write_modules(const SentenceEncoderConfig& encoder, const fs::path& to) {
  constexpr const char* kPooling = "1_Pooling";
  const auto module = [](int i, const char* path, const char* type) {
    return Json{{"idx", i},
                {"name", std::to_string(i)},
                {"path", path},
                {"type", std::string("sentence_transformers.models.") + type}};
  };
  Json modules = {module(0, "", "Transformer"), module(1, kPooling, "Pooling")};
  if (encoder.normalized) modules.push_back(module(2, "2_Normalize", "Normalize"));
  write_json(to / "modules.json", modules);
  make_folder(to / kPooling);
  write_json(to / kPooling / kConfig,
             {{"word_embedding_dimension", encoder.channels},
              {"pooling_mode_cls_token", encoder.pooling == Pooling::first},
              {"pooling_mode_mean_tokens", encoder.pooling == Pooling::mean},
              {"pooling_mode_lasttoken", encoder.pooling == Pooling::last}});
}

// ---- The folder ----

// Throws Error unless a folder can be made there; returns its place, without links.
fs::path new_place(const fs::path& to) {
  std::error_code ignored;
  if (fs::exists(to, ignored) && (!fs::is_directory(to, ignored) || !fs::is_empty(to, ignored))) {
    throw Error(to.string() +
                ": expected the name of a new folder, or an empty one, but there is something "
                "already; choose another");
  }
  const fs::path place = fs::weakly_canonical(fs::absolute(to));
  return place.has_filename() ? place : place.parent_path();
}

// Writes a folder through `write`, wholly or not at all.
void write_folder(const fs::path& place, const std::function<void(const fs::path&)>& write) {
  const fs::path temporary = place.string() + ".tmp-" + std::to_string(::getpid());
  try {
    make_folder(temporary);
    write(temporary);
    fs::rename(temporary, place);
  } catch (const fs::filesystem_error& error) {
    std::error_code ignored;
    fs::remove_all(temporary, ignored);
    throw Error(place.string() + ": cannot write: " + error.code().message());
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(temporary, ignored);
    throw;
  }
}

// A plan: the tensors, and what writes the other files.
struct Plan {
  std::string what;
  TensorFile tensors;
  Json config;  // of Hugging Face, without the type of the weights; null: ours
  std::function<void(const fs::path& to)> write_others;
};

// A folder of Hugging Face stays as it is but for the type of its weights.
Plan plan_same(const fs::path& from, const StoredModel& stored) {
  Json config = Json::parse(read_text(from / kConfig));
  return {.what = config["model_type"].get<std::string>(),
          .tensors = *stored.theirs,
          .config = config,
          .write_others = [from](const fs::path& to) { copy_companions(from, to); }};
}

Plan plan_theirs(const fs::path& from, const StoredModel& stored) {
  const SavedModel& saved = stored.saved;
  const WrittenConfig written = write_hugging_face(saved.config);
  const bool is_whole = saved.config.family == Family::sentence_encoder;
  const std::unique_ptr<Model> outline = make_model(written.config, /*seed=*/std::nullopt);
  Plan plan{.what = std::string(written.type->name),
            .tensors = their_tensors(stored.ours, *written.type, outline->parameters(), is_whole),
            .config = Json::parse(written.text),
            .write_others = {}};
  const WritingTokens tokens = known_tokens(saved);
  say_frame(plan.config, tokens, saved);
  plan.tensors.metadata = {{"format", "pt"}};  // transformers ask for it
  plan.write_others = [from, tokens, &saved](const fs::path& to) {
    write_tokenizer_of(from, saved, to);
    write_tokenizer_config(saved.chat, to);
    write_generation(from, tokens, saved, to);
    if (const auto* encoder = std::get_if<SentenceEncoderConfig>(&saved.config.network)) {
      write_modules(*encoder, to);
    }
  };
  return plan;
}

Plan plan_ours(const fs::path& from, const StoredModel& stored) {
  const SavedModel& saved = stored.saved;
  Plan plan{.what = std::string(row_of(saved.config.family).words),
            .tensors = stored.ours,
            .config = {},
            .write_others = [from, &saved](const fs::path& to) {
              write_file(to / kConfig,
                         [&](std::ostream& out) { out << write_fields(saved.config); });
              write_tokenizer_of(from, saved, to);
              if (!saved.chat.jinja.empty()) write_tokenizer_config(saved.chat, to);
              write_generation(from, saved.tokens, saved, to);
            }};
  plan.tensors.metadata.clear();
  return plan;
}

}  // namespace

Converted convert_model(const fs::path& from, const fs::path& to, const Conversion& conversion) {
  const fs::path place = new_place(to);
  const StoredModel stored = open_stored(from);
  Plan plan = conversion.layout == ModelLayout::ours ? plan_ours(from, stored)
              : stored.theirs                        ? plan_same(from, stored)
                                                     : plan_theirs(from, stored);
  require_readable(plan.tensors);
  if (conversion.dtype) round_to(*conversion.dtype, plan.tensors);
  Converted converted{plan.what, plan.tensors.entries.size(), 0};
  for (const TensorFile::Entry& entry : plan.tensors.entries) converted.bytes += bytes_of(entry);
  watch(plan.tensors, conversion, converted.bytes);
  write_folder(place, [&](const fs::path& folder) {
    write_shards(folder, plan.tensors, conversion.shard_bytes);
    plan.write_others(folder);
    if (plan.config.is_null()) return;
    say_dtype(plan.config, main_type(plan.tensors));
    write_json(folder / kConfig, plan.config);
  });
  return converted;
}

}  // namespace clearhead
