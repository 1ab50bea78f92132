// A text becomes what its model takes, within what it can read.
#include "apps/console/reading.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>
#include <variant>

#include "apps/console/numbers.h"
#include "apps/console/option_group.h"
#include "apps/console/table.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/error.h"
#include "clearhead/plot/label.h"
#include "clearhead/plot/text_table.h"

namespace clearhead::console {
namespace {

constexpr std::int64_t kEndLines = 20;  // of the beginning and the end of a long text

// The last of `ids`, of which the model reads at most `most`; 0: all, or any number.
Sequence last_of(Sequence ids, std::int64_t last, std::int64_t most, const ModelOptions& options) {
  if (most > 0 && last > most) {
    throw UsageError(
        fmt::format("--last {}: {} reads {} tokens at most", last, model_name(options), most));
  }
  if (last > 0 && std::ssize(ids) > last) ids.erase(ids.begin(), ids.end() - last);
  if (ids.empty()) throw Error("nothing is left of the text; there is nothing to see");
  check_length(std::ssize(ids), most, options, fmt::format("--last {} reads its end", most));
  return ids;
}

std::string sizes(const TransformerConfig& network) {
  const bool differ = network.decoder_layers > 0 && network.decoder_layers != network.layers;
  const std::string layers =
      differ ? fmt::format("{} and {} layers", network.layers, network.decoder_layers)
             : counted(network.layers, "layer");
  return fmt::format("{} × {}, {} channels", layers, counted(network.heads, "head"),
                     network.channels);
}

std::string sizes(const RecurrentModelConfig& network) {
  return fmt::format("{}, states of {} numbers", counted(network.layers, "layer"), network.hidden);
}

}  // namespace

void add_last(OptionGroup& group, std::int64_t& last) {
  group.integer("--last",
                "Read only the last N tokens of the text, if it is longer than the model can read "
                "(all if not given)",
                1, [&last](std::int64_t n) { last = n; });
}

void add_reading(CLI::App& app, ReadingOptions& o) {
  add_model(app, o.model);
  add_text(app, o.text);
  OptionGroup text(app, "What is read");
  add_text_file(text, o.text);
  add_last(text, o.last);
  add_replace(text, o.model);
  OptionGroup changes(app, "What you change");
  add_interventions(changes, o.interventions);
  add_calculation(app, o.model);
}

Reading read(const ModelOptions& options, const Text& text, std::int64_t last, Tape tape) {
  SavedModel saved = open_model(options);
  const Tokenizer& tokenizer = *saved.tokenizer;
  const std::string known = readable(text.text, tokenizer, options, text.source);
  const TextForm& form = text_form(saved);
  Sequence ids =
      last_of(form.ids(known, tokenizer), last, most_tokens(*saved.model, form.beside), options);
  ids = form.whole(std::move(ids), tokenizer);
  return {model_name(options), std::move(saved), std::move(ids), options.precision,
          std::move(tape)};
}

Reading read(const ReadingOptions& o) {
  check_text(o.text);
  return read(o.interventions,
              [&](Tape tape) { return read(o.model, read_text(o.text), o.last, tape); });
}

Reading read(const std::vector<Intervention>& interventions,
             const std::function<Reading(Tape tape)>& record) {
  Tape tape(Keep::everything);
  intervene(tape, interventions);
  Reading reading = record(tape);
  check_effect(tape, interventions);
  reading.changes = [changes = interventions](Tape& other) { intervene(other, changes); };
  return reading;
}

void check_text(const GivenText& text) {
  check(text);
  if (!text.is_given()) {
    throw UsageError("which TEXT? There is nothing to read; --file FILE reads it from a file");
  }
}

std::string describe(const Reading& reading) {
  const ModelConfig& config = reading.saved.config;
  return fmt::format("{}, {}: {}, {} parameters", without_controls(reading.name),
                     row_of(config.family).words,
                     std::visit([](const auto& network) { return sizes(network); }, config.network),
                     with_commas(reading.saved.model->parameters().count()));
}

std::string heading(const Reading& reading, int width) {
  std::string text = wrapped(describe(reading), width, 0) + "\n\n";
  if (reading.is_translation()) text += print_tokens("source", reading.source, width) + "\n";
  return text +
         print_tokens(reading.is_translation() ? "translation" : "text", reading.text, width) +
         "\n";
}

std::string print_tokens(const std::string& title, const Tokens& tokens, int width) {
  const std::int64_t count = std::ssize(tokens.names);
  const int number_width = static_cast<int>(std::to_string(count).size()) + 1;
  std::vector<std::string> lines;
  for (const std::int64_t step : {50, 40, 30, 20, 10, 5, 1}) {
    lines.clear();
    bool fits = true;
    for (std::int64_t begin = 0; begin < count && fits; begin += step) {
      std::string line = plot::pad_left(std::to_string(begin), number_width) + " ";
      for (std::int64_t i = begin; i < std::min(begin + step, count); ++i) {
        line += " " + plot::visible_label(tokens.names[static_cast<std::size_t>(i)]);
      }
      fits = plot::display_width(line) <= width;
      lines.push_back(fits ? line : plot::shorten(line, width));
    }
    if (fits) break;
  }
  if (const std::int64_t between = std::ssize(lines) - 2 * kEndLines; between > 1) {
    lines[kEndLines] =
        fmt::format("{} … {} more lines", std::string(number_width, ' '), with_commas(between));
    lines.erase(lines.begin() + kEndLines + 1, lines.end() - kEndLines);
  }
  return fmt::format("{} ({}):\n{}\n", title, counted(count, "token"), fmt::join(lines, "\n"));
}

}  // namespace clearhead::console
