// Models: opened from a folder or a GGUF file, they read texts and write them.
#include <nanobind/nanobind.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "bindings/python/arrays.h"
#include "bindings/python/attention_pass.h"
#include "bindings/python/long_call.h"
#include "bindings/python/module.h"
#include "bindings/python/reading.h"
#include "bindings/python/texts.h"
#include "bindings/python/values.h"
#include "clearhead/base/error.h"
#include "clearhead/base/pattern.h"
#include "clearhead/models/beam_search.h"
#include "clearhead/models/generate.h"
#include "clearhead/models/text_encoder.h"
#include "clearhead/models/texts.h"
#include "clearhead/text/chat_template.h"
#include "clearhead/text/utf8.h"

namespace clearhead::python {
namespace {

using namespace nb::literals;

// ---- Texts ----

// Of a text that is too long, its beginning.
ReadText beginning(const SavedModel& saved) {
  return [&saved](const std::string& text) { return ids_of_beginning(saved, text); };
}

std::string text_of(const SavedModel& saved, const Ids& ids) {
  return replace_invalid_utf8(saved.tokenizer->decode(ids));
}

// What a dictionary has under that name; else None.
nb::object member(nb::handle dictionary, const char* name) { return dictionary.attr("get")(name); }

// A conversation as the model was taught to read it.
Prompt prompt_of_messages(const SavedModel& saved, nb::handle messages) {
  if (saved.chat.jinja.empty()) {
    throw Error("this model has no chat template; give it a text that it continues");
  }
  std::vector<ChatMessage> said;
  for (const nb::handle message : messages) {
    ChatMessage one;
    if (!nb::isinstance<nb::dict>(message) || !nb::try_cast(member(message, "role"), one.role) ||
        !nb::try_cast(member(message, "content"), one.text)) {
      throw Error("messages: expected {\"role\": \"user\", \"content\": \"…\"} each, got " +
                  std::string(nb::repr(message).c_str()));
    }
    said.push_back(std::move(one));
  }
  return prompt_of_chat(saved, ChatTemplate::recognised(saved.chat.jinja), said);
}

Prompt prompt_of(const SavedModel& saved, nb::handle given) {
  if (nb::isinstance<nb::list>(given) && nb::len(given) > 0 && nb::isinstance<nb::dict>(given[0])) {
    return prompt_of_messages(saved, given);
  }
  return {.ids = ids_of(given, "prompt",
                        [&](const std::string& text) {
                          Ids ids = saved.tokenizer->encode(text);
                          if (ids.empty() && saved.tokens.begin) ids = {*saved.tokens.begin};
                          return ids;
                        }),
          .ends = saved.tokens.ends};
}

// ---- What a model does ----

std::string generate_text(const LoadedModel& model, nb::object given, std::int64_t max_tokens,
                          double temperature, std::int64_t top_k, double top_p, std::uint64_t seed,
                          const char* precision) {
  const auto& network = as<LanguageModel>(model.saved);
  if (max_tokens < 0) {
    throw Error("max_tokens: expected 0 or more, got " + std::to_string(max_tokens));
  }
  const Prompt prompt = prompt_of(model.saved, given);
  const GenerateOptions options{
      .tokens = max_tokens,
      .sampling = {.temperature = temperature, .top_k = top_k, .top_p = top_p},
      .seed = seed,
      .precision = precision_of(precision)};
  const auto is_end = [&](std::int64_t token) {
    return std::find(prompt.ends.begin(), prompt.ends.end(), token) != prompt.ends.end();
  };
  const LongCall call;
  Ids written =
      generate(network, prompt.ids, options, [&](std::int64_t token) { return !is_end(token); });
  if (!written.empty() && is_end(written.back())) written.pop_back();
  return text_of(model.saved, written);
}

ArrayResult embed(const LoadedModel& model, nb::object given, const char* precision) {
  const auto& network = as<EmbeddingModel>(model.saved);
  const auto& config = std::get<SentenceEncoderConfig>(model.saved.config.network);
  const Texts texts(given, beginning(model.saved));
  const Precision products = precision_of(precision);
  Tensor vectors({0, config.channels});  // [texts, C]
  if (!texts.ids.empty()) {
    const LongCall call;
    vectors = embed_texts(network, texts.ids, products);
  }
  return to_python(texts.is_one ? vectors.reshape({-1}) : vectors);
}

nb::object classify(const LoadedModel& model, nb::object given, const char* precision) {
  const auto& network = as<ClassificationModel>(model.saved);
  const auto& config = std::get<TextClassifierConfig>(model.saved.config.network);
  const Texts texts(given, beginning(model.saved));
  const Precision products = precision_of(precision);
  Tensor likely({0, std::ssize(config.labels)}, DType::f64);  // [texts, classes]
  if (!texts.ids.empty()) {
    const LongCall call;
    likely = class_probabilities(classify_texts(network, texts.ids, products), config.exclusive);
  }
  nb::list all;
  for (std::int64_t i = 0; i < likely.size(0); ++i) {
    nb::dict classes;
    for (std::int64_t c = 0; c < likely.size(1); ++c) {
      classes[nb::str(config.labels[static_cast<std::size_t>(c)].c_str())] = likely.at({i, c});
    }
    all.append(classes);
  }
  return texts.is_one ? nb::object(all[0]) : nb::object(all);
}

using LikelyWord = nb::typed<nb::tuple, nb::str, nb::float_>;

nb::typed<nb::list, nb::typed<nb::list, LikelyWord>> fill(const LoadedModel& model,
                                                          const std::string& text, std::int64_t top,
                                                          const char* precision) {
  const auto& network = as<MaskedModel>(model.saved);
  const Tokenizer& tokenizer = *model.saved.tokenizer;
  const std::int64_t mask = tokenizer.special(mask_of(tokenizer));
  const Precision products = precision_of(precision);
  std::vector<std::vector<LikelyToken>> likely;
  {
    const LongCall call;
    likely = fill_masks(network, ids_to_read(model.saved, text), mask, top, products);
  }
  nb::list all;
  for (const std::vector<LikelyToken>& of_mask : likely) {
    nb::list tokens;
    for (const LikelyToken& token : of_mask) {
      tokens.append(nb::make_tuple(tokenizer.token(token.token), token.probability));
    }
    all.append(tokens);
  }
  return all;
}

nb::object translate_texts(const LoadedModel& model, nb::object given, std::int64_t beam,
                           double length_penalty, const char* precision) {
  const auto& network = as<TranslationModel>(model.saved);
  const Texts texts(given, [&](const std::string& text) { return ids_to_read(model.saved, text); });
  BeamSearchOptions options = search_options(model.saved);
  options.beam = beam;
  options.length_penalty = length_penalty;
  options.precision = precision_of(precision);
  std::vector<std::string> translated;
  {
    const LongCall call;
    for (const std::vector<Translation>& best : translate(network, texts.ids, options)) {
      translated.push_back(text_of(model.saved, best.at(0).tokens));
    }
  }
  return texts.is_one ? nb::cast(translated.at(0)) : nb::cast(translated);
}

// ---- Runs ----

// Which names are shown: all that a network calculates, those that match a pattern or one of
// several, or those that a function says yes to.
std::vector<std::string> names_of(const Tape& tape, nb::object filter) {
  std::vector<std::string> names;
  const auto add = [&](const auto& wanted) {
    for (const std::string& name : tape.names()) {
      if (is_activation(name) && wanted(name)) names.push_back(name);
    }
  };
  if (filter.is_none()) {
    add([](const std::string&) { return true; });
  } else if (PyCallable_Check(filter.ptr())) {
    add([&](const std::string& name) { return nb::cast<bool>(nb::bool_(filter(name))); });
  } else {
    const std::vector<std::string> patterns = nb::isinstance<nb::str>(filter)
                                                  ? std::vector{nb::cast<std::string>(filter)}
                                                  : strings_of(filter, "names_filter");
    add([&](const std::string& name) {
      return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
        return matches_pattern(pattern, name);
      });
    });
  }
  return names;
}

nb::typed<nb::tuple, Value, Cache> run_with_cache(const LoadedModel& model, nb::object text,
                                                  nb::object names_filter, nb::object hooks,
                                                  const char* precision) {
  Cache cache = read(model, text, hooks, precision);
  const Reading& reading = *cache.reading;
  cache.names = names_of(reading.tape, names_filter);
  const Value result =
      value_of_model(reading.logits.defined() ? reading.logits : reading.embedding);
  return nb::make_tuple(result, std::move(cache));
}

LoadedModel open(const std::filesystem::path& path, bool keep_bf16) {
  const std::filesystem::path whole = path.has_filename() ? path : path.parent_path();
  const LongCall call;
  return {.name = whole.filename().string(),
          .saved = open_model(path, keep_bf16),
          .path = std::filesystem::absolute(path),
          .keep_bf16 = keep_bf16};
}

void add_tokenizer(nb::module_& m) {
  nb::class_<Tokenizer>(m, "Tokenizer", "Text to the numbers that a model reads, and back.")
      .def(
          "encode",
          [](const Tokenizer& t, const std::string& text, bool add_special_tokens) {
            return t.encode(text, {.add_special_tokens = add_special_tokens});
          },
          "text"_a, "add_special_tokens"_a = true, "The ids of a text.")
      .def(
          "decode",
          [](const Tokenizer& t, const Ids& ids) { return replace_invalid_utf8(t.decode(ids)); },
          "ids"_a, "The text of ids, without special tokens.")
      .def("token", &Tokenizer::token, "id"_a, "A token by itself, to show.")
      .def(
          "tokens",
          [](const Tokenizer& t, const std::string& text) {
            std::vector<std::string> tokens;
            for (const std::int64_t id : t.encode(text)) tokens.push_back(t.token(id));
            return tokens;
          },
          "text"_a, "The tokens of a text, to show.")
      .def("__len__", &Tokenizer::size);
}

constexpr const char* kRunDoc =
    R"(The model reads ``text``: its logits, and all that it calculated on the way.

``text`` is a str, or its ids as a list or as an array [T] or [1, T] of NumPy or PyTorch.
Returns (logits, cache), or (embedding, cache) of an embedding model. ``names_filter``, a pattern
such as "blocks.*.hook_pattern", several of them or a function of a name, says which names the cache
lists. ``hooks`` are changes on the way: a dictionary of functions by name or pattern, or a list of
(name, function). Each gets an array that it may write into, and returns the array that goes on, or
None if it wrote; a parameter ``hook`` gets the place where it acts, whose ``name`` it has.

>>> import clearhead
>>> model = clearhead.load("shakespeare")
>>> logits, cache = model.run_with_cache("To be, or not")
>>> cache["blocks.0.attn.hook_pattern"][0, 3].shape == (len(cache.tokens),) * 2
True
>>> def silence(z):
...     z[:, :, 3] = 0  # head 3
>>> changed, _ = model.run_with_cache("To be, or not", hooks={"blocks.2.attn.hook_z": silence})
>>> bool((changed.array != logits.array).any())
True
)";

constexpr const char* kGenerateDoc =
    R"(How a text goes on; ``prompt`` is a str, ids as ``run_with_cache`` takes them, or messages.

Messages are dictionaries with "role" and "content", for models with a chat template. At most
``max_tokens`` tokens are written. ``temperature`` 0 takes the likeliest token each time; ``top_k``
and ``top_p`` restrict the choice; the same ``seed`` writes the same text.

>>> import clearhead
>>> text = clearhead.load("shakespeare").generate("ROMEO:", max_tokens=20, temperature=0)
>>> len(text) > 0
True
)";

}  // namespace

void add_models(nb::module_& m) {
  add_tokenizer(m);
  add_cache(m);
  add_hook_point(m);
  nb::class_<LoadedModel>(m, "Model",
                          R"(A model that reads and writes texts; ``clearhead.load`` opens one.

What it can do is its ``ability``; the methods of the others raise ``clearhead.Error``.)")
      .def_ro("name", &LoadedModel::name, "That of its folder or file.")
      .def_prop_ro(
          "ability",
          [](const LoadedModel& model) {
            return std::string(row_of(model.saved.config.family).ability.words);
          },
          "In words: \"a language model\".")
      .def_prop_ro(
          "context", [](const LoadedModel& model) { return model.saved.model->context(); },
          "The most tokens that it reads; 0: any number.")
      .def_prop_ro(
          "parameters",
          [](const LoadedModel& model) { return model.saved.model->parameters().count(); },
          "How many numbers it has learnt.")
      .def_prop_ro(
          "tokenizer", [](const LoadedModel& model) { return *model.saved.tokenizer; },
          "Text to its ids and back.")
      .def("__repr__",
           [](const LoadedModel& model) {
             return "<clearhead.Model " + model.name + ", " +
                    std::string(row_of(model.saved.config.family).ability.words) + " of " +
                    std::to_string(model.saved.model->parameters().count()) + " parameters>";
           })
      .def("__reduce__",  // opened once more, from the same place
           [](const LoadedModel& model) {
             const nb::object opens = nb::module_::import_("clearhead._models").attr("open_again");
             return nb::make_tuple(opens, nb::make_tuple(model.path.string(), model.keep_bf16));
           })
      .def("run_with_cache", run_with_cache, "text"_a, "names_filter"_a = nb::none(),
           "hooks"_a = nb::none(), nb::kw_only(), "precision"_a = "highest", kRunDoc)
      .def("generate", generate_text, "prompt"_a, "max_tokens"_a = 256, nb::kw_only(),
           "temperature"_a = 0.8, "top_k"_a = 0, "top_p"_a = 1.0, "seed"_a = 0,
           "precision"_a = "highest", kGenerateDoc)
      .def(
          "embed", embed, "texts"_a, nb::kw_only(), "precision"_a = "highest",
          "The vector of a text (a str or ids), [C], or of several, [texts, C]; of one that is too "
          "long, that of its beginning.")
      .def("classify", classify, "texts"_a, nb::kw_only(), "precision"_a = "highest",
           "How likely each class is: a dictionary for a text, a list of them for several.")
      .def(
          "fill", fill, "text"_a, "top"_a = 10, nb::kw_only(), "precision"_a = "highest",
          R"(For each ``<mask>`` of the text the ``top`` likeliest tokens, with their probabilities.

>>> import clearhead
>>> clearhead.load("captions").fill("A man is <mask> a guitar.")[0][0][0].strip()
'playing'
)")
      .def("translate", translate_texts, "texts"_a, nb::kw_only(), "beam"_a = 5,
           "length_penalty"_a = 0.6, "precision"_a = "highest",
           "The translation of a text, or a list of those of several.");
  m.def("open_model", open, "path"_a, "keep_bf16"_a = false,
        "Opens a folder or a GGUF file; see ``clearhead.load``.");
}

}  // namespace clearhead::python
