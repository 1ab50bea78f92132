// A mask is the beginning of the identifier's HMAC; so is the number of days, of other words.
#include "clearhead/claims/masking.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

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

// Where only the year of birth is known, or its month, the first day of that stands there. It moves
// to the nearest such day: how far it is from one would tell how far all days were moved.
void move_birth(Field<Date>& birth, std::chrono::days shift) {
  using namespace std::chrono;
  if (!birth) return;
  const year_month_day before(*birth);
  move(birth, shift);
  if (before.day() != day{1}) return;
  const months step(before.month() == January ? 12 : 1);
  const year_month_day after(*birth);
  const Date first(after.year() / (step == months(12) ? January : after.month()) / 1);
  const Date next(year_month_day(first) + step);
  birth.value = *birth - first < next - *birth ? first : next;
}

// Codes have no blanks and are short; a name or a note is not kept.
void drop_free_text(Field<std::string>& text) {
  if (text && (text->size() > kLongestWord || text->find(' ') != std::string::npos)) {
    text.value.reset();
  }
}

void drop_free_texts(std::vector<Adjustment>& adjustments) {
  for (Adjustment& adjustment : adjustments) {
    drop_free_text(adjustment.group);
    drop_free_text(adjustment.reason);
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
  const std::chrono::days days =
      shift((claim.member.id ? claim.member.id : claim.id).value.value_or(""));
  hide(claim.id);
  hide(claim.member.id);
  move_birth(claim.member.birth_date, days);
  move(claim.from, days);
  move(claim.to, days);
  hide(claim.provider);
  hide(claim.facility);
  for (Field<std::string>* text : {&claim.member.sex, &claim.member.state, &claim.member.split,
                                   &claim.service_place, &claim.frequency, &claim.status}) {
    drop_free_text(*text);
  }
  for (Diagnosis& diagnosis : claim.diagnoses) drop_free_text(diagnosis.present_on_admission);
  drop_free_texts(claim.adjustments);
  for (Line& line : claim.lines) {
    move(line.from, days);
    move(line.to, days);
    hide(line.provider);
    drop_free_text(line.service_place);
    drop_free_text(line.unit);
    for (Field<std::string>& modifier : line.modifiers) drop_free_text(modifier);
    std::erase_if(line.modifiers, [](const Field<std::string>& modifier) { return !modifier; });
    drop_free_texts(line.adjustments);
  }
}

}  // namespace clearhead::claims
