// Their tensors as ours: found by name, checked, and cut or turned where they lie otherwise; and
// ours as theirs.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/models/hugging_face_internal.h"
#include "clearhead/models/hugging_face_names_internal.h"
#include "clearhead/tensor/stored.h"

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
// (gamma, beta), which early checkpoints of BERT use, replaced. A masked model's bias of logits may
// have two names, the same tensor under both; if they are two, the decoder's is what counts.
std::string plain_name(std::string_view name, const ModelType& type) {
  if (name.starts_with(type.prefix)) name.remove_prefix(type.prefix.size());
  std::string plain(name);
  for (const auto& [from, to] : {std::pair{"LayerNorm.gamma", "LayerNorm.weight"},
                                 std::pair{"LayerNorm.beta", "LayerNorm.bias"},
                                 std::pair{"cls.predictions.decoder.bias", "cls.predictions.bias"},
                                 std::pair{"lm_head.decoder.bias", "lm_head.bias"}}) {
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

using Entries = std::map<std::string, const TensorFile::Entry*>;  // by their plain names

// By their plain names; of several rows for one of ours, the first that `entries` has.
std::map<std::string, Stack> stacks(const std::vector<TensorNames>& names, const Entries& entries,
                                    const Parameters& outline) {
  std::set<std::string_view> all;
  for (const Parameter& parameter : outline) all.insert(parameter.name);
  std::map<std::string, Stack> stacks;
  for (const Parameter& parameter : outline) {
    const Numbered ours = numbered(parameter.name);
    const auto is_ours = [&](const TensorNames& row) {
      return row.ours == ours.pattern &&
             (row.beside.empty() || all.contains(with_number(row.beside, ours.number)));
    };
    const auto is_there = [&](const TensorNames& row) {
      return is_ours(row) && entries.contains(with_number(row.theirs, ours.number));
    };
    auto row = std::find_if(names.begin(), names.end(), is_there);
    if (row == names.end()) row = std::find_if(names.begin(), names.end(), is_ours);
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
  if (stack.stored == Stored::row) shape.insert(shape.begin(), 1);
  return shape;
}

void check(const TensorFile::Entry& entry, const Stack& stack) {
  const Shape expected = shape_of(stack);
  if (!entry.dtype || !is_floating(*entry.dtype)) {
    throw Error(
        fmt::format("{}: weights of type {} are not supported; take the model in f32, f16 "
                    "or bf16",
                    entry.name, entry.type));
  }
  if (entry.shape == expected) return;
  throw Error(fmt::format("{}: the config asks for {}, the file has {}", entry.name,
                          to_string(expected), to_string(entry.shape)));
}

// In f32, which holds theirs + 1 so that taking 1 away gives it back.
Tensor plus(const Tensor& tensor, float more) {
  Tensor sum = tensor.to(DType::f32).clone();
  float* numbers = sum.mutable_data<float>();
  for (std::int64_t i = 0; i < sum.count(); ++i) numbers[i] += more;
  return sum;
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
      if (stored == Stored::less_one) whole = plus(whole, 1);
      if (stored == Stored::row) whole = whole.reshape(shape);
      return is_whole ? whole : whole.slice(0, first, first + shape[0]);
    };
    const DType dtype = stack.stored == Stored::less_one ? DType::f32 : *theirs.dtype;
    ours.entries.push_back({part->name, std::string(dtype_name(dtype)), dtype, shape, read});
    first += shape[0];
  }
}

// Ours where theirs are left out.
void add_zeros(const Stack& stack, TensorFile& ours) {
  for (const auto& [row, part] : stack.parts) {
    const Shape shape = part->shape();
    ours.entries.push_back({part->name, std::string(dtype_name(DType::f32)), DType::f32, shape,
                            [shape] { return Tensor(shape); }});
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

// Ours of a stack, found in a file; one that is not there is zero.
struct Found {
  std::vector<std::function<Tensor()>> reads;
  DType dtype = DType::f32;  // of all, if they agree
};

Found find_parts(const TensorFile& ours, const Stack& stack) {
  Found found;
  std::vector<DType> types;
  for (const auto& [row, part] : stack.parts) {
    const TensorFile::Entry* const entry = ours.find(part->name);
    if (entry == nullptr) {
      found.reads.emplace_back([shape = part->shape()] { return Tensor(shape); });
      continue;
    }
    found.reads.push_back(entry->read);
    types.push_back(*entry->dtype);
  }
  const bool agree = !types.empty() && std::all_of(types.begin(), types.end(), [&](DType type) {
    return type == types.front();
  });
  if (agree && stack.stored != Stored::less_one) found.dtype = types.front();
  return found;
}

// One below the other.
Tensor stacked(const Found& found, const Shape& shape) {
  if (found.reads.size() == 1) return found.reads.front()().to(found.dtype);
  const auto whole = std::make_shared<std::vector<std::byte>>();
  for (const auto& read : found.reads) {
    const Tensor part = read().to(found.dtype).contiguous();
    const std::span<const std::byte> bytes = raw_bytes(part);
    whole->insert(whole->end(), bytes.begin(), bytes.end());
  }
  return Tensor::view_of(whole->data(), shape, found.dtype, whole);
}

// As the file would call a tensor: with the prefix of others of its kind, such as layers.….
std::string name_in_file(const std::string& name, const Entries& entries, const ModelType& type) {
  const std::string kind = name.substr(0, name.find('.') + 1);
  const bool has_prefix = std::any_of(entries.begin(), entries.end(), [&](const auto& entry) {
    return entry.first.starts_with(kind) && entry.second->name.starts_with(type.prefix);
  });
  return has_prefix ? std::string(type.prefix) + name : name;
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
  Entries entries;
  for (const TensorFile::Entry& entry : file.entries) {
    const std::string name = plain_name(entry.name, type);
    if (entries.try_emplace(name, &entry).second || entry.name.ends_with(name)) continue;
    entries[name] = &entry;
  }
  const std::map<std::string, Stack> wanted = stacks(names, entries, outline);
  std::vector<std::string> missing, superfluous;
  for (const auto& [name, stack] : wanted) {
    const auto entry = entries.find(name);
    if (entry != entries.end()) {
      check(*entry->second, stack);
    } else if (stack.stored != Stored::row) {
      missing.push_back(name_in_file(name, entries, type));
    }
  }
  for (const auto& [name, entry] : entries) {
    if (!wanted.contains(name) && !does_no_harm(name, names)) superfluous.push_back(entry->name);
  }
  if (!missing.empty()) {
    throw Error(fmt::format("the config asks for tensors that are not there: {}{}", listed(missing),
                            superfluous.empty() ? "" : "; it has others: " + listed(superfluous)));
  }
  if (!superfluous.empty()) {
    throw Error(
        fmt::format("it has tensors that the config does not ask for: {}", listed(superfluous)));
  }
  TensorFile ours{.name = file.name};
  for (const auto& [name, stack] : wanted) {
    const auto entry = entries.find(name);
    if (entry != entries.end()) {
      add_entries(*entry->second, stack, ours);
    } else {
      add_zeros(stack, ours);
    }
  }
  return ours;
}

TensorFile their_tensors(const TensorFile& ours, const ModelType& type, const Parameters& outline,
                         bool is_whole) {
  TensorFile theirs{.name = ours.name};
  for (const auto& [name, stack] : stacks(all_names(type), {}, outline)) {
    const bool is_beside = std::any_of(
        std::begin(kBesideStack), std::end(kBesideStack),
        [plain = std::string_view(name)](auto begin) { return plain.starts_with(begin); });
    const std::string prefix(is_whole || is_beside ? "" : type.prefix);
    const Found found = find_parts(ours, stack);
    const Shape shape = shape_of(stack);
    const auto read = [found, shape, stored = stack.stored] {
      Shape lying = shape;
      if (stored == Stored::transposed) std::swap(lying[0], lying[1]);
      const Tensor whole = stacked(found, lying);
      if (stored == Stored::transposed) return whole.transpose(0, 1);
      if (stored == Stored::row) return whole.reshape(shape);
      return stored == Stored::less_one ? plus(whole, -1) : whole;
    };
    theirs.entries.push_back(
        {prefix + name, std::string(dtype_name(found.dtype)), found.dtype, shape, read});
  }
  return theirs;
}

}  // namespace clearhead
