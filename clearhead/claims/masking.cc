// A mask is the beginning of the identifier's HMAC; so is the number of days, of other words.
#include "clearhead/claims/masking.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cstdint>
#include <random>
#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/base/file.h"

namespace clearhead::claims {
namespace {

constexpr std::size_t kLeastKey = 16;     // bytes: 128 bits
constexpr std::size_t kLongestWord = 16;  // of what is taken for a code

// The first 64 bits.
std::uint64_t keyed_hash(std::string_view text, std::string_view key) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  const auto* data = reinterpret_cast<const unsigned char*>(text.data());
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data, text.size(), digest.data(),
           &size) == nullptr) {
    throw Error("masking: libcrypto cannot calculate HMAC-SHA-256");
  }
  std::uint64_t hash = 0;
  for (int i = 0; i < 8; ++i) hash = hash << 8 | digest[static_cast<std::size_t>(i)];
  return hash;
}

void move(Field<Date>& date, std::chrono::days shift) {
  if (date) *date.value -= shift;
}

// Codes have no blanks and are short; a name or a note is not kept.
void drop_free_text(Field<std::string>& text) {
  if (text && (text->size() > kLongestWord || text->find(' ') != std::string::npos)) {
    text.value.reset();
  }
}

}  // namespace

MaskingKey::MaskingKey(std::string bytes) : bytes_(std::move(bytes)) {
  if (bytes_.size() < kLeastKey) {
    throw Error(
        fmt::format("expected a key of at least {} bytes, got {}; one can be made by: "
                    "head -c 32 /dev/urandom | base64 > key",
                    kLeastKey, bytes_.size()));
  }
}

MaskingKey MaskingKey::read(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  std::string bytes(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
  while (bytes.ends_with('\n') || bytes.ends_with('\r')) bytes.pop_back();
  try {
    return MaskingKey(std::move(bytes));
  } catch (const Error& error) {
    throw Error(path.string() + ": " + error.what());
  }
}

MaskingKey MaskingKey::random() {
  std::random_device device;
  std::string bytes;
  while (bytes.size() < 2 * kLeastKey) bytes += static_cast<char>(device());
  return MaskingKey(std::move(bytes));
}

std::string masked(std::string_view id, const MaskingKey& key) {
  return id.empty() ? "" : fmt::format("{:016x}", keyed_hash(id, key.bytes_));
}

std::chrono::days Masker::shift(std::string_view member) const {
  return std::chrono::days(1 + keyed_hash(fmt::format("days of {}", member), key_.bytes_) % 365);
}

void Masker::mask(Claim& claim) const {
  const auto hide = [this](Field<std::string>& id) {
    if (id) id.value = masked(*id, key_);
  };
  const std::chrono::days days = shift(claim.member.id ? *claim.member.id : "");
  hide(claim.id);
  hide(claim.member.id);
  move(claim.member.birth_date, days);
  move(claim.from, days);
  move(claim.to, days);
  hide(claim.provider);
  hide(claim.facility);
  for (Field<std::string>* text : {&claim.member.sex, &claim.member.state, &claim.member.split,
                                   &claim.service_place, &claim.frequency, &claim.status}) {
    drop_free_text(*text);
  }
  for (Line& line : claim.lines) {
    move(line.from, days);
    move(line.to, days);
    hide(line.provider);
    drop_free_text(line.service_place);
    drop_free_text(line.unit);
  }
}

}  // namespace clearhead::claims
