// The command `clearhead compare`: where two runs part, value by value.
#include "apps/cli/compare/compare.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apps/console/activations.h"
#include "apps/console/explanation.h"
#include "apps/console/given_texts.h"
#include "apps/console/named_numbers.h"
#include "apps/console/numbers.h"
#include "apps/console/option_group.h"
#include "apps/console/output.h"
#include "apps/console/reading.h"
#include "apps/console/table.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/file.h"
#include "clearhead/lens/divergence.h"
#include "clearhead/lens/transformer_lens.h"
#include "clearhead/plot/terminal.h"
#include "clearhead/tape/explain.h"
#include "clearhead/tensor/io.h"

namespace clearhead::cli {
namespace {

struct Options {
  std::string a, b;
  console::GivenText text, other_text;
  double tolerance = 1e-4;
  std::int64_t top = 20;
  console::ModelOptions model;
};

// One of the two: a run of a model, or a file.
struct Side {
  std::string title;
  std::optional<Reading> reading = {};
  NamedValues values = {};
};

bool is_file(const std::string& name) {
  const std::string ending = ending_of(name);
  return ending == ".safetensors" || ending == ".npz";
}

// The order of names in which numbers count as numbers, so that layer 2 comes before layer 10.
bool is_of_earlier_layer(std::string_view a, std::string_view b) {
  constexpr std::string_view kDigits = "0123456789";
  while (!a.empty() && !b.empty()) {
    const std::size_t digits_a = std::min(a.find_first_not_of(kDigits), a.size());
    const std::size_t digits_b = std::min(b.find_first_not_of(kDigits), b.size());
    if (digits_a > 0 && digits_b > 0 && digits_a != digits_b) return digits_a < digits_b;
    if (a.front() != b.front()) return a.front() < b.front();
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  return a.size() < b.size();
}

// What is read: the text, or where a long one stands.
std::string words(const console::Text& text) {
  return without_controls(text.source.starts_with("--") ? fmt::format("\"{}\"", text.text)
                                                        : text.source);
}

Side side_of_file(const std::string& path) {
  Side side{without_controls(path)};
  const TensorFile file = open_tensors(path);
  for (const TensorFile::Entry& entry : file.entries) {
    if (is_activation(entry.name)) side.values.names.push_back(entry.name);
  }
  std::sort(side.values.names.begin(), side.values.names.end(), is_of_earlier_layer);
  side.values.value = [file](const std::string& name) { return file.read(name); };
  return side;
}

Side side_of_model(const Options& o, const std::string& model, const console::Text& text) {
  console::ModelOptions options = o.model;
  options.model = model;
  Side side;
  side.reading = console::read(options, text, /*last=*/0);
  side.title = fmt::format("{} reads {}", without_controls(side.reading->name), words(text));
  const Tape tape = side.reading->tape;
  side.values.names = console::activation_names(tape);
  console::take_out_large_views(tape, side.values.names);
  side.values.value = [tape](const std::string& name) {
    return transformer_lens_axes(name, tape[name].value()).contiguous();
  };
  return side;
}

void check(const Options& o) {
  if (o.b.empty()) {
    throw console::UsageError("compare needs A and B, each a MODEL or a file of activations");
  }
  check(o.text, "--text TEXT");
  check(o.other_text, "--other-text TEXT", "--other-file FILE");
  const bool has_model = !is_file(o.a) || !is_file(o.b);
  if (has_model && !o.text.is_given())
    throw console::UsageError("--text TEXT: what does the model read?");
  if (!has_model && o.text.is_given()) {
    throw console::UsageError("--text is for models; these are files");
  }
  if (o.other_text.is_given() && is_file(o.b)) {
    throw console::UsageError("--other-text is what B reads, which is a file");
  }
}

// "[0, 3, 2, 1] of "t"": the place in the axes of the file, and tokens in those of the tape.
std::string place_text(const ComparedValue& value, const Side& a, const Side& b) {
  const Index& place = value.difference->place;
  std::string text = console::place_text(value.name, value.shape_a, place);
  const Side* const run = a.reading ? &a : b.reading ? &b : nullptr;
  if (run == nullptr) return text;
  const Shape& shape = run->reading->tape[value.name].shape();
  if (place.size() != shape.size()) return text;
  return text +
         console::tokens_of(*run->reading, value.name, transformer_lens_axes(value.name, place));
}

std::string print(const std::vector<ComparedValue>& all, const Side& a, const Side& b,
                  const Options& o, int width) {
  plot::TextTable table;
  table.columns = {{"differs most at", true}, {"A", false}, {"B", false}, {"by", false}};
  std::int64_t differing = 0;
  std::string first;
  for (const ComparedValue& value : all) {
    if (!value.differs) continue;
    if (differing++ == 0) first = value.name;
    if (differing > o.top) continue;
    if (!value.difference) {
      table.rows.push_back(
          {value.name, to_string(value.shape_a), to_string(value.shape_b), "shape"});
      continue;
    }
    const Difference& d = *value.difference;
    table.rows.push_back(
        {place_text(value, a, b), format_number(d.a), format_number(d.b), format_number(d.by)});
  }
  if (differing == 0) {
    double most = 0;
    for (const ComparedValue& value : all) {
      most = std::max(most, value.relative);
    }
    return console::wrapped(
               fmt::format("They agree: |a - b| / max(1, |a|, |b|) is {} at most, not above {}.",
                           format_number(most), format_number(o.tolerance)),
               width, 0) +
           "\n";
  }
  std::string text = console::wrapped(
      fmt::format(
          "{} of them differ by more than {}. The first, in the order of the {}, is {}:", differing,
          format_number(o.tolerance), a.reading || b.reading ? "calculation" : "layers", first),
      width, 0);
  text += "\n" + table.text(width);
  if (differing > o.top) text += fmt::format("… {} more (--top shows them)\n", differing - o.top);
  return text;
}

void compare(const Options& o) {
  check(o);
  const auto side = [&](const std::string& name, const console::Text& text) {
    return is_file(name) ? side_of_file(name) : side_of_model(o, name, text);
  };
  const bool is_other_text = o.other_text.is_given();
  const console::Text text = read_text(o.text, "--text"),
                      other = is_other_text ? read_text(o.other_text, "--other-text") : text;
  const Side a = side(o.a, text), b = side(o.b, other);
  // The order is that of a run, if one is a run.
  const bool is_exchanged = !a.reading && b.reading;
  std::vector<ComparedValue> all =
      is_exchanged ? compare_values(b.values, a.values, o.tolerance, is_other_text)
                   : compare_values(a.values, b.values, o.tolerance, is_other_text);
  for (ComparedValue& value : all) {
    if (!is_exchanged) break;
    std::swap(value.shape_a, value.shape_b);
    if (value.difference) std::swap(value.difference->a, value.difference->b);
  }
  if (all.empty()) throw Error("they have no value in common: " + a.title + "; " + b.title);
  const int width = plot::detect_terminal(STDOUT_FILENO).columns;
  const std::int64_t both = std::ssize(all);
  console::write_output(
      console::wrapped("A: " + a.title, width, 3) + "\n" +
      console::wrapped("B: " + b.title, width, 3) + "\n" +
      console::wrapped(
          fmt::format("{} {} in both, {} only in A, {} only in B.", console::counted(both, "value"),
                      both == 1 ? "is" : "are", std::ssize(a.values.names) - both,
                      std::ssize(b.values.names) - both),
          width, 0) +
      "\n\n" + print(all, a, b, o, width));
}

}  // namespace

std::function<void()> set_up_compare(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  app.add_option("a", o->a, "A model, or a file of activations")->type_name("A");
  app.add_option("b", o->b, "Another one, or the same")->type_name("B");
  console::OptionGroup reads(app, "What models read");
  reads.text("--text", "TEXT", "The text that the models read",
             [o](const std::string& x) { o->text.text = x; });
  console::add_text_file(reads, o->text, "--file", "Read the text of --text from a file");
  reads.text("--other-text", "TEXT",
             "What B reads instead. If one text is longer, what both have is compared",
             [o](const std::string& x) { o->other_text.text = x; });
  console::add_text_file(reads, o->other_text, "--other-file",
                         "Read the text of --other-text from a file");
  console::add_replace(reads, o->model);
  console::OptionGroup group(app, "What you get");
  group.number("--tolerance",
               "Numbers a and b differ if |a - b| is greater than X·max(1, |a|, |b|) (1e-4 if not "
               "given)",
               console::not_negative(), [o](double x) { o->tolerance = x; });
  group.integer("--top", "How many of the values that differ are shown (20 if not given)", 1,
                [o](std::int64_t n) { o->top = n; });
  console::add_calculation(app, o->model);
  return [o] { compare(*o); };
}

}  // namespace clearhead::cli
