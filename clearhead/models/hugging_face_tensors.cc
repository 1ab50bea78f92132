// Their tensors as ours: found by name, checked, and cut or turned where they lie otherwise.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/models/hugging_face_internal.h"

namespace clearhead {
namespace {

// "blocks.12.attn.W_Q" as the pattern "blocks.{}.attn.W_Q" and "12".
struct Numbered {
  std::string pattern, number;
};

Numbered numbered(std::string_view name) {
  const auto is_digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  const auto dot = std::adjacent_find(name.begin(), name.end(),
                                      [&](char a, char b) { return a == '.' && is_digit(b); });
  if (dot == name.end()) return {std::string(name), ""};
  const auto end = std::find_if_not(dot + 1, name.end(), is_digit);
  if (end == name.end() || *end != '.') return {std::string(name), ""};
  return {std::string(name.begin(), dot + 1) + "{}" + std::string(end, name.end()),
          std::string(dot + 1, end)};
}

std::string with_number(std::string_view pattern, const std::string& number) {
  std::string name(pattern);
  const std::size_t at = name.find("{}");
  return at == std::string::npos ? name : name.replace(at, 2, number);
}

// Their names without the prefix, as the tables have them, and with the words of TensorFlow
// (gamma, beta), which early checkpoints of BERT use, replaced.
std::string plain_name(std::string_view name, const ModelType& type) {
  if (name.starts_with(type.prefix)) name.remove_prefix(type.prefix.size());
  std::string plain(name);
  for (const auto& [from, to] : {std::pair{"LayerNorm.gamma", "LayerNorm.weight"},
                                 std::pair{"LayerNorm.beta", "LayerNorm.bias"}}) {
    const std::string_view old = from;
    if (plain.ends_with(old)) plain.replace(plain.size() - old.size(), old.size(), to);
  }
  return plain;
}

std::vector<TensorNames> all_names(const ModelType& type) {
  std::vector<TensorNames> names(type.names.begin(), type.names.end());
  names.insert(names.end(), type.more_names.begin(), type.more_names.end());
  return names;
}

// One tensor of theirs, and ours that are stacked in it, in order.
struct Stack {
  Stored stored = Stored::as_is;
  std::map<std::size_t, const Parameter*> parts;  // by the row of the table
};

// By their plain names.
std::map<std::string, Stack> stacks(const std::vector<TensorNames>& names,
                                    const Parameters& outline) {
  std::map<std::string, Stack> stacks;
  for (const Parameter& parameter : outline) {
    const Numbered ours = numbered(parameter.name);
    const auto row = std::find_if(names.begin(), names.end(), [&](const TensorNames& candidate) {
      return candidate.ours == ours.pattern;
    });
    if (row == names.end()) {
      throw Error("model: no tensor of such checkpoints is our " + parameter.name);
    }
    Stack& stack = stacks[with_number(row->theirs, ours.number)];
    stack.stored = row->stored;
    stack.parts[static_cast<std::size_t>(row - names.begin())] = &parameter;
  }
  return stacks;
}

// The shape that theirs must have.
Shape shape_of(const Stack& stack) {
  Shape shape;
  for (const auto& [row, part] : stack.parts) {
    const Shape& own = part->shape();
    if (shape.empty()) {
      shape = own;
    } else {
      shape[0] += own[0];
    }
  }
  if (stack.stored == Stored::transposed) std::swap(shape[0], shape[1]);
  return shape;
}

void check(const TensorFile::Entry& entry, const Stack& stack) {
  const Shape expected = shape_of(stack);
  if (entry.shape == expected && entry.dtype && is_floating(*entry.dtype)) return;
  throw Error(fmt::format("{}: the config asks for {} of floating type, the file has {} of {}",
                          entry.name, to_string(expected), to_string(entry.shape), entry.type));
}

Tensor plus_one(const Tensor& theirs) {
  Tensor ours = theirs.to(DType::f32).clone();
  float* numbers = ours.mutable_data<float>();
  for (std::int64_t i = 0; i < ours.count(); ++i) numbers[i] += 1;
  return ours;
}

// Ours, each read from theirs when it is asked for.
void add_entries(const TensorFile::Entry& theirs, const Stack& stack, TensorFile& ours) {
  std::int64_t first = 0;
  for (const auto& [row, part] : stack.parts) {
    const Shape shape = part->shape();
    const bool is_whole = stack.parts.size() == 1;
    const auto read = [=, stored = stack.stored, read = theirs.read] {
      Tensor whole = read();
      if (stored == Stored::transposed) whole = whole.transpose(0, 1);
      if (stored == Stored::less_one) whole = plus_one(whole);
      return is_whole ? whole : whole.slice(0, first, first + shape[0]);
    };
    ours.entries.push_back({part->name, theirs.type, theirs.dtype, shape, read});
    first += shape[0];
  }
}

// Whether a tensor that no parameter needs may be there: the table has it, and it is none of a
// layer's learned ones, so it belongs to another architecture on the same stack, as a pooler does.
bool does_no_harm(const std::string& name, const std::vector<TensorNames>& names) {
  const std::string pattern = numbered(name).pattern;
  return std::any_of(names.begin(), names.end(), [&](const TensorNames& row) {
    return row.theirs == pattern && (row.ours.empty() || pattern == name);
  });
}

// A few of them, for a message.
std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 4;
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, names.size()); ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  return names.size() <= kShown ? text : fmt::format("{} and {} more", text, names.size() - kShown);
}

}  // namespace

TensorFile our_tensors(const TensorFile& file, const ModelType& type, const Parameters& outline) {
  const std::vector<TensorNames> names = all_names(type);
  std::map<std::string, const TensorFile::Entry*> entries;
  for (const TensorFile::Entry& entry : file.entries) {
    entries[plain_name(entry.name, type)] = &entry;
  }
  const std::map<std::string, Stack> wanted = stacks(names, outline);
  std::vector<std::string> missing, superfluous;
  for (const auto& [name, stack] : wanted) {
    const auto entry = entries.find(name);
    if (entry == entries.end()) {
      missing.push_back(name);
    } else {
      check(*entry->second, stack);
    }
  }
  for (const auto& [name, entry] : entries) {
    if (!wanted.contains(name) && !does_no_harm(name, names)) superfluous.push_back(entry->name);
  }
  if (!missing.empty()) {
    throw Error(fmt::format("the config asks for tensors that are not there: {}", listed(missing)));
  }
  if (!superfluous.empty()) {
    throw Error(
        fmt::format("it has tensors that the config does not ask for: {}", listed(superfluous)));
  }
  TensorFile ours{.name = file.name};
  for (const auto& [name, stack] : wanted) add_entries(*entries.at(name), stack, ours);
  return ours;
}

}  // namespace clearhead
