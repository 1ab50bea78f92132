// Blocks of few bits: whole numbers q, and the scales that make numbers of them.
//
// A small block has 32 numbers, d·q or d·q + m, with one d and m of f16:
//
//     Q4_0: d, q 4 bits, less 8      Q4_1: d, m, q 4 bits
//     Q5_0: d, q 5 bits, less 16     Q5_1: d, m, q 5 bits      Q8_0: d, q 8 bits with sign
//
// A block of type K has 256 numbers in groups, each with a scale s (and a minimum m) of its own of
// 6 or 8 bits, which d (and dmin), f16, widen:
//
//     Q4_K, Q5_K: 8 groups of 32, (d·s)·q − dmin·m      Q6_K: 16 groups of 16, (d·s)·(q − 32)
//
// The order of multiplications is that of the reference, so the results are the same to the bit.
// Source: https://github.com/ggml-org/ggml, src/ggml-quants.c
#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/base/half.h"
#include "clearhead/base/parallel.h"
#include "clearhead/tensor/gguf_types_internal.h"
#include "clearhead/tensor/stored.h"

namespace clearhead {
namespace {

constexpr int kSmall = 32;  // numbers of a small block
constexpr int kLarge = 256;

// Takes an f16 off the front.
float take_half(const std::uint8_t*& from) {
  f16 number;
  std::memcpy(&number.bits, from, sizeof(number.bits));
  from += sizeof(number.bits);
  return static_cast<float>(number);
}

// The i-th of 32 numbers of 4 bits: the lower halves of 16 bytes, then the upper ones.
int nibble(const std::uint8_t* bytes, int i) {
  return i < kSmall / 2 ? bytes[i] & 15 : bytes[i - kSmall / 2] >> 4;
}

// d, (m,) (the fifth bits of all,) the other four bits of all.
template <bool has_minimum, bool has_fifth_bit>
void widen_small(const std::uint8_t* from, float* to) {
  const float d = take_half(from);
  const float m = has_minimum ? take_half(from) : 0;
  std::uint32_t fifth = 0;
  if constexpr (has_fifth_bit) {
    std::memcpy(&fifth, from, sizeof(fifth));
    from += sizeof(fifth);
  }
  for (int i = 0; i < kSmall; ++i) {
    const int q = nibble(from, i) | static_cast<int>(fifth >> i & 1) << 4;
    if constexpr (has_minimum) {
      to[i] = d * static_cast<float>(q) + m;
    } else {
      to[i] = d * static_cast<float>(q - (has_fifth_bit ? 16 : 8));
    }
  }
}

void widen_q8_0(const std::uint8_t* from, float* to) {
  const float d = take_half(from);
  for (int i = 0; i < kSmall; ++i)
    to[i] = d * static_cast<float>(static_cast<std::int8_t>(from[i]));
}

// Of group g < 8. 12 bytes hold 16 numbers of 6 bits: the scales of groups 0 to 3 and their minima
// in the lower bits of the first 8; of the others, four bits in a half of the last 4 bytes and two
// at the top of the first 8.
struct GroupScale {
  float scale, minimum;
};

GroupScale group_scale(const std::uint8_t* bytes, int g) {
  if (g < 4) return {static_cast<float>(bytes[g] & 63), static_cast<float>(bytes[g + 4] & 63)};
  const int scale = (bytes[g + 4] & 15) | (bytes[g - 4] >> 6) << 4;
  const int minimum = bytes[g + 4] >> 4 | (bytes[g] >> 6) << 4;
  return {static_cast<float>(scale), static_cast<float>(minimum)};
}

// d, dmin, 12 bytes of scales, (the fifth bits: bit g of byte i is that of number i of group g,)
// then two groups in 32 bytes, one in the lower halves, one in the upper.
template <bool has_fifth_bit>
void widen_k(const std::uint8_t* from, float* to) {
  const float d = take_half(from), d_minimum = take_half(from);
  const std::uint8_t* const scales = from;
  const std::uint8_t* const fifth = scales + 12;
  const std::uint8_t* const quarters = has_fifth_bit ? fifth + kSmall : fifth;
  for (int g = 0; g < kLarge / kSmall; ++g) {
    const auto [scale, minimum] = group_scale(scales, g);
    const float factor = d * scale, offset = d_minimum * minimum;
    const std::uint8_t* const bytes = quarters + g / 2 * kSmall;
    for (int i = 0; i < kSmall; ++i) {
      int q = g % 2 == 0 ? bytes[i] & 15 : bytes[i] >> 4;
      if constexpr (has_fifth_bit) q |= (fifth[i] >> g & 1) << 4;
      *to++ = factor * static_cast<float>(q) - offset;
    }
  }
}

// Four bits of each, two bits of each, 16 scales with sign, d. Each half of the block has 64 bytes
// of the former and 32 of the latter: of its four runs of 32 numbers, runs 0 and 1 lie in the lower
// halves of the 64 bytes, 2 and 3 in the upper, and run r has bits 2r and 2r + 1 of the 32.
void widen_q6_k(const std::uint8_t* from, float* to) {
  const std::uint8_t* const scales = from + kLarge / 2 + kLarge / 4;
  const std::uint8_t* d_place = scales + kLarge / 16;
  const float d = take_half(d_place);
  for (int i = 0; i < kLarge; ++i) {
    const int half = i / 128, run = i % 128 / 32;
    const int low = from[64 * half + i % 64] >> (run / 2 * 4) & 15;
    const int high = from[kLarge / 2 + 32 * half + i % 32] >> (2 * run) & 3;
    const float factor = d * static_cast<float>(static_cast<std::int8_t>(scales[i / 16]));
    to[i] = factor * static_cast<float>((low | high << 4) - 32);
  }
}

constexpr GgufType kTypes[] = {
    {0, "F32", 1, 4, nullptr},
    {1, "F16", 1, 2, nullptr},
    {2, "Q4_0", kSmall, 18, widen_small<false, false>},
    {3, "Q4_1", kSmall, 20, widen_small<true, false>},
    {6, "Q5_0", kSmall, 22, widen_small<false, true>},
    {7, "Q5_1", kSmall, 24, widen_small<true, true>},
    {8, "Q8_0", kSmall, 34, widen_q8_0},
    {12, "Q4_K", kLarge, 144, widen_k<false>},
    {13, "Q5_K", kLarge, 176, widen_k<true>},
    {14, "Q6_K", kLarge, 210, widen_q6_k},
    {24, "I8", 1, 1, nullptr},
    {25, "I16", 1, 2, nullptr},
    {26, "I32", 1, 4, nullptr},
    {27, "I64", 1, 8, nullptr},
    {28, "F64", 1, 8, nullptr},
    {30, "BF16", 1, 2, nullptr},
};

// Types that cannot be read, for messages.
constexpr std::pair<std::uint32_t, std::string_view> kOthers[] = {
    {9, "Q8_1"},     {10, "Q2_K"},  {11, "Q3_K"},   {15, "Q8_K"},  {16, "IQ2_XXS"}, {17, "IQ2_XS"},
    {18, "IQ3_XXS"}, {19, "IQ1_S"}, {20, "IQ4_NL"}, {21, "IQ3_S"}, {22, "IQ2_S"},   {23, "IQ4_XS"},
    {29, "IQ1_M"},   {34, "TQ1_0"}, {35, "TQ2_0"},  {39, "MXFP4"},
};

const StoredType& plain_type(const GgufType& type) {
  const std::span<const StoredType> all = stored_types();
  return *std::find_if(all.begin(), all.end(),
                       [&](const StoredType& stored) { return stored.safetensors == type.name; });
}

}  // namespace

const GgufType* find_gguf_type(std::uint32_t number) {
  const auto found = std::find_if(std::begin(kTypes), std::end(kTypes),
                                  [&](const GgufType& type) { return type.number == number; });
  return found == std::end(kTypes) ? nullptr : found;
}

std::string gguf_type_name(std::uint32_t number) {
  if (const GgufType* type = find_gguf_type(number)) return in_small_letters(type->name);
  for (const auto& [other, name] : kOthers) {
    if (other == number) return in_small_letters(name);
  }
  return "type " + std::to_string(number);
}

std::string gguf_type_names() {
  std::string names;
  for (const GgufType& type : kTypes) {
    names += (names.empty() ? "" : ", ") + in_small_letters(type.name);
  }
  return names;
}

std::size_t gguf_bytes(const Shape& shape, const GgufType& type, const std::string& where) {
  if (type.widen == nullptr) return stored_bytes(shape, plain_type(type), where);
  // A number takes no more than one of F32, so if those bytes can be counted, these can.
  const std::size_t count = stored_bytes(shape, plain_type(kTypes[0]), where) / sizeof(float);
  const auto block = static_cast<std::size_t>(type.block);
  if (shape.empty() || shape.back() % type.block != 0) {
    throw Error(where + ": " + std::string(type.name) + " is made of blocks of " +
                std::to_string(type.block) + " numbers, and the last axis of " + to_string(shape) +
                " cannot be cut into them");
  }
  return count / block * static_cast<std::size_t>(type.bytes);
}

DType gguf_dtype(const GgufType& type) {
  return type.widen == nullptr ? plain_type(type).dtype : DType::f32;
}

Tensor decode_gguf(std::span<const std::byte> bytes, const Shape& shape, const GgufType& type,
                   std::shared_ptr<const void> owner, const std::string& where) {
  if (type.widen == nullptr) {
    return decode(bytes, shape, plain_type(type), /*swapped=*/false, std::move(owner), where);
  }
  Tensor tensor = Tensor::empty(shape, DType::f32);
  const auto* from = reinterpret_cast<const std::uint8_t*>(bytes.data());
  float* to = tensor.mutable_data<float>();
  for_each_rows(tensor.count() / type.block, type.block, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      type.widen(from + i * type.bytes, to + i * type.block);
  });
  return tensor;
}

}  // namespace clearhead
