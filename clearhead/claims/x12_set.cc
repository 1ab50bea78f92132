// Where faults of claims end: a refusal of the claim that is open, else a warning.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "clearhead/claims/x12_set_internal.h"

namespace clearhead::claims {
namespace {

// What people separate components with.
bool is_separator(char c) {
  return std::string_view(":>|^<\\/+&;@!").find(c) != std::string_view::npos;
}

constexpr int kMostSegments = 50'000;

// Whether a segment of this identifier belongs to no claim before it.
bool ends_claim(std::string_view id) {
  return id == "CLM" || id == "HL" || id == "CLP" || id == "PLB";
}

}  // namespace

std::optional<ClaimType> X12Guide::type() const {
  static constexpr std::array<std::pair<std::string_view, ClaimType>, 6> kTypes = {{
      {"X098", ClaimType::professional},
      {"X222", ClaimType::professional},
      {"X096", ClaimType::institutional},
      {"X223", ClaimType::institutional},
      {"X097", ClaimType::dental},
      {"X224", ClaimType::dental},
  }};
  for (const auto& [guide, type] : kTypes) {
    if (implementation.find(guide) != std::string::npos) return type;
  }
  return std::nullopt;
}

std::string X12Guide::format() const {
  std::string format = "X12 " + set;
  if (const auto bills = type()) {
    format += *bills == ClaimType::professional ? 'P' : *bills == ClaimType::dental ? 'D' : 'I';
  }
  // "005010X222A1" is release 5010.
  if (implementation.size() >= 6) format += " " + implementation.substr(2, 4);
  return format;
}

void X12Output::claim(Claim&& claim) {
  ++summary_.claims;
  summary_.lines += static_cast<std::int64_t>(claim.lines.size());
  if (sink_.claim) sink_.claim(std::move(claim));
}

void X12Output::refusal(Refusal&& refusal) {
  ++summary_.refusals;
  if (sink_.refusal) sink_.refusal(std::move(refusal));
}

void X12Output::provider_adjustment(ProviderAdjustment&& adjustment) {
  if (sink_.provider_adjustment) sink_.provider_adjustment(std::move(adjustment));
}

void X12Output::warning(const Place& place, const std::string& text) {
  ++summary_.warnings;
  if (sink_.warning) sink_.warning(place, text);
}

void X12Output::format(const std::string& format) {
  ReadSummary formats;
  formats.format = format;
  summary_ += formats;
}

void X12Set::take(X12Segment& segment) {
  mend_separator(segment);
  try {
    // The largest bills have 999 lines of some twenty segments. What never ends is not kept.
    if (claim_ && !ends_claim(segment.id()) && ++segments_ > kMostSegments) {
      if (refusal_) return;
      throw X12Fault{segment.place(),
                     fmt::format("expected at most {} segments in a claim", kMostSegments)};
    }
    if (segment.too_long) {
      throw X12Fault{segment.place(), fmt::format("expected at most {} bytes before the terminator",
                                                  X12Segments::kLongest)};
    }
    read(segment);
  } catch (const X12Fault& fault) {
    if (!claim_) {
      output_.warning(fault.place, fault.reason + "; it is left out");
    } else if (!refusal_) {
      refusal_ = Refusal{fault.place, claim_->id.value.value_or(""), fault.reason};
    }
  }
}

// Some write other separators of components than their ISA names. That shows where an element must
// have components, the first of which has two letters or digits: "11>B>1", "HC>99213".
void X12Set::mend_separator(X12Segment& segment) {
  if (component_ == 0) {
    const std::size_t element = segment.id() == "CLM" ? 5 : segment.id() == "SVC" ? 1 : 0;
    const std::string_view text = element > 0 ? segment[element] : std::string_view{};
    if (text.size() < 3 || !is_separator(text[2]) ||
        text.find(segment.delimiters.component) != std::string_view::npos) {
      return;
    }
    component_ = text[2];
    output_.warning(segment.place(element),
                    fmt::format("ISA says that \"{}\" separates components, but \"{}\" does",
                                segment.delimiters.component, component_));
  }
  segment.delimiters.component = component_;
}

void X12Set::end(bool cut_off) {
  if (cut_off && claim_ && !refusal_) {
    refusal_ = Refusal{claim_->place, claim_->id.value.value_or(""),
                       "expected the whole claim and SE behind it, got the end of the file"};
  }
  end_claim();
}

Claim& X12Set::begin_claim(const X12Segment& segment, std::size_t number) {
  end_claim();
  claim_.emplace();
  segments_ = 0;
  claim_->place = segment.place();
  claim_->id = x12_text(segment, number);
  return *claim_;
}

void X12Set::end_claim() {
  if (!claim_) return;
  if (refusal_) {
    output_.refusal(std::move(*refusal_));
  } else {
    complete(*claim_);
    output_.claim(std::move(*claim_));
  }
  claim_.reset();
  refusal_.reset();
}

}  // namespace clearhead::claims
