// Identifiers as letters and digits that only the holder of a key can make again (HMAC with
// SHA-256, RFC 2104), and days moved by a number that belongs to the member.
#ifndef CLEARHEAD_CLAIMS_MASKING_H_
#define CLEARHEAD_CLAIMS_MASKING_H_

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "clearhead/claims/claim.h"

namespace clearhead::claims {

/// What identifiers are masked with.
class MaskingKey {
 public:
  /// Of these bytes, at least 16. Throws Error if there are fewer.
  explicit MaskingKey(std::string bytes);
  /// The content of a file, without a line end behind it. Throws Error if it is too short.
  static MaskingKey read(const std::filesystem::path& path);
  /// Of chance: what it masks is the same as long as the program runs.
  static MaskingKey random();

 private:
  friend std::string masked(std::string_view id, const MaskingKey& key);
  friend class Masker;

  std::string bytes_;
};

/// The identifier as 16 hexadecimal digits (64 bits); empty if it is empty. The same
/// identifier and key give the same digits.
std::string masked(std::string_view id, const MaskingKey& key);

/// Takes out of claims what tells who they are about.
class Masker {
 public:
  /// With this key.
  explicit Masker(MaskingKey key) : key_(std::move(key)) {}

  /// Masks the numbers of claim, member, providers and facilities, moves all days of a member
  /// between 1 and 365 days back, all by the same number, and drops texts that are neither codes
  /// nor a specialty. A birth on the first of a year or month, which may be all that is known of
  /// it, moves to the nearest such day.
  void mask(Claim& claim) const;

  /// How far the days of a member are moved; of a claim without a member, by its own number.
  std::chrono::days shift(std::string_view member) const;

 private:
  MaskingKey key_;
};

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_MASKING_H_
