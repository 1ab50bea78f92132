// The command `clearhead embed`.
#include "apps/cli/embed/embed.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <memory>
#include <string>

#include "apps/console/figures.h"
#include "apps/console/given_texts.h"
#include "apps/console/model_options.h"
#include "apps/console/numbers.h"
#include "apps/console/option_group.h"
#include "apps/console/output.h"
#include "apps/console/table.h"
#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/models/text_encoder.h"
#include "clearhead/plot/label.h"
#include "clearhead/tensor/io.h"

namespace clearhead::cli {
namespace {

struct Options {
  console::ModelOptions model;
  console::GivenTexts given;
  std::string out;
};

// The cosine of the angle between two rows of vectors f32 [N, C].
double cosine(const Tensor& vectors, std::int64_t a, std::int64_t b) {
  const std::int64_t C = vectors.size(1);
  const float *x = vectors.data<float>() + a * C, *y = vectors.data<float>() + b * C;
  double xy = 0, xx = 0, yy = 0;
  for (std::int64_t c = 0; c < C; ++c) {
    xy += static_cast<double>(x[c]) * y[c];
    xx += static_cast<double>(x[c]) * x[c];
    yy += static_cast<double>(y[c]) * y[c];
  }
  return xy / std::sqrt(xx * yy);
}

// How alike the texts are, each to each: a table of at most this many.
constexpr std::int64_t kMostShown = 12;
constexpr int kShownWidth = 40;  // of a text in it

std::string likeness(const Tensor& vectors, const std::vector<std::string>& texts) {
  plot::TextTable table;
  table.columns = {{"", false}, {"text", true}};
  for (std::int64_t j = 0; j < vectors.size(0); ++j) {
    table.columns.push_back({std::to_string(j), false});
  }
  for (std::int64_t i = 0; i < vectors.size(0); ++i) {
    std::vector<std::string> row = {
        std::to_string(i),
        plot::shorten(plot::visible_text(texts[static_cast<std::size_t>(i)]), kShownWidth)};
    for (std::int64_t j = 0; j < vectors.size(0); ++j) {
      row.push_back(fmt::format("{:.3f}", cosine(vectors, i, j)));
    }
    table.rows.push_back(std::move(row));
  }
  return "How alike they are (cosines):\n" + table.text();
}

void embed(const Options& o) {
  check(o.given);
  console::check_ending("--out", o.out, {".npy", ".npz", ".safetensors", ".csv"});
  if (!o.out.empty()) check_writable(o.out);
  const SavedModel saved = console::open_model(o.model);
  const EmbeddingModel& model = as<EmbeddingModel>(saved);
  const console::Lines given = read_texts(o.given);
  const std::int64_t most = saved.longest > 0 ? saved.longest : console::most_tokens(model, 0);
  const std::vector<Sequence> ids = console::ids_of_lines(
      given.lines, *saved.tokenizer, o.model, most, given.source, console::TooLong::cut);
  if (ids.empty()) throw Error(given.source + ": there is no text in it");
  const Tensor vectors = embed_texts(model, ids, o.model.precision);  // [texts, C]
  if (!o.out.empty()) write_tensors(o.out, {.tensors = {{"embeddings", vectors}}, .metadata = {}});
  std::string text = fmt::format("{}, {} each\n", console::counted(vectors.size(0), "vector"),
                                 console::counted(vectors.size(1), "number"));
  if (o.out.empty()) text += "--out FILE writes them\n";
  if (vectors.size(0) > 1 && vectors.size(0) <= kMostShown) text += likeness(vectors, given.lines);
  if (!o.out.empty()) text += console::wrote(o.out);
  console::write_output(text);
}

}  // namespace

std::function<void()> set_up_embed(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  console::add_model(app, o->model);
  console::add_texts(app, o->given, "What becomes a vector each");
  console::OptionGroup text(app, "The texts: arguments, or lines of standard input, or of a file");
  console::add_lines_file(
      text, o->given,
      "Lines that become a vector each, plain or gzip; of one that is too long, its beginning");
  console::add_replace(text, o->model);
  console::OptionGroup output(app, "What you get");
  output.text("--out", "FILE",
              "Where the vectors go, [texts, numbers]: .npy, .npz, .safetensors or .csv",
              [o](const std::string& x) { o->out = x; });
  console::add_calculation(app, o->model);
  return [o] { embed(*o); };
}

}  // namespace clearhead::cli
