// The weights of the page in few bytes, and the frame.
//
// Each head is an element of its own, "w0.5" for head 5 of kind 0, which the program reads when the
// head is chosen. Those that are open first come before the program, the others after it: the page
// is drawn and answers while a browser still reads them. Small pictures of all heads come with the
// names.
//
// A row of a head is: the first key that is seen, the one past the last, and the number of entries,
// then for each entry the keys skipped since the last one, and a code of 16 bits. A code is 0 for a
// key that is masked all the same, 65535 for NaN, else 1 + 65533·(weight − low)/(high − low). What
// has no entry is too small to be kept. Numbers but codes are of 7 bits a byte, the lowest first,
// with the eighth where more follow.
#include "clearhead/plot/attention_page.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/plot/color.h"
#include "clearhead/plot/html_page.h"
#include "clearhead/plot/label.h"

namespace clearhead::plot {
namespace {

using Json = nlohmann::json;

constexpr int kLevels = 65533;  // from low to high
constexpr std::uint16_t kMasked = 0, kNan = 65535;
constexpr std::int64_t kHeldNumbers = 1 << 18, kFewestRows = 64;  // rows that are held at a time
constexpr std::int64_t kMostDots = 48;                            // a side of a small picture
constexpr std::int64_t kEntryBytes = 3;  // mostly: a key among the next 128, and a code

// The weights between which codes lie.
struct Span {
  double low = 0, high = 1;

  void include(double weight) {
    if (!std::isfinite(weight)) return;
    low = std::min(low, weight);
    high = std::max(high, weight);
  }
  int level(double weight) const {
    return static_cast<int>(std::lround((weight - low) / (high - low) * kLevels));
  }
  std::uint16_t code(double weight) const { return static_cast<std::uint16_t>(1 + level(weight)); }
  // A weight that differs from 0 by less than half a level is 0.
  int level_of_zero() const { return level(0); }
};

class Bytes {
 public:
  void number(std::uint64_t x) {
    for (; x >= 128; x >>= 7) all_.push_back(static_cast<unsigned char>(x | 128));
    all_.push_back(static_cast<unsigned char>(x));
  }
  void code(std::uint16_t x) {
    all_.push_back(static_cast<unsigned char>(x));
    all_.push_back(static_cast<unsigned char>(x >> 8));
  }
  std::string text() const { return base64(all_); }

 private:
  std::vector<unsigned char> all_;
};

// f(row) for each query of a head, some of which are held at a time.
template <typename F>
void for_each_row(const PageAttention& kind, std::int64_t layer, std::int64_t head, const F& f) {
  const std::int64_t T = std::ssize(kind.queries), S = std::ssize(kind.keys);
  const std::int64_t height = std::max(kFewestRows, kHeldNumbers / S);
  for (std::int64_t t = 0; t < T; t += height) {
    const std::int64_t t_end = std::min(t + height, T);
    const Tensor rows = kind.weights(layer, head, t, t_end).contiguous();
    const Shape expected = {t_end - t, S};
    if (rows.shape() != expected) {
      throw Error("page of attention: expected weights " + to_string(expected) + ", got " +
                  to_string(rows.shape()));
    }
    for (std::int64_t i = 0; i < rows.size(0); ++i) f(rows.data<double>() + i * S);
  }
}

// f(weight) for all weights of all heads.
template <typename F>
void for_each_weight(const AttentionPage& page, const F& f) {
  for (const PageAttention& kind : page.kinds) {
    for (std::int64_t i = 0; i < kind.layers * kind.heads; ++i) {
      for_each_row(kind, i / kind.heads, i % kind.heads,
                   [&](const double* row) { std::for_each(row, row + kind.keys.size(), f); });
    }
  }
}

// The least distance from 0, in levels, that an entry must have so that all fit; at least 1.
int least_level(const AttentionPage& page, const Span& span) {
  std::vector<std::int64_t> counts(kLevels + 1, 0);
  for_each_weight(page, [&](double weight) {
    if (!std::isfinite(weight)) return;
    ++counts[static_cast<std::size_t>(std::abs(span.level(weight) - span.level_of_zero()))];
  });
  std::int64_t room = page.most_bytes / kEntryBytes;
  int least = kLevels + 1;
  while (least > 1 && counts[static_cast<std::size_t>(least - 1)] <= room) {
    room -= counts[static_cast<std::size_t>(--least)];
  }
  return least;
}

void write_row(const double* row, std::int64_t S, const Span& span, int least, Bytes& bytes) {
  std::int64_t begin = 0, end = S;
  while (begin < end && row[begin] == -INFINITY) ++begin;
  while (begin < end && row[end - 1] == -INFINITY) --end;
  std::vector<std::pair<std::int64_t, std::uint16_t>> entries;
  for (std::int64_t s = begin; s < end; ++s) {
    if (row[s] == -INFINITY) {
      entries.emplace_back(s, kMasked);
    } else if (!std::isfinite(row[s])) {
      entries.emplace_back(s, kNan);
    } else if (std::abs(span.level(row[s]) - span.level_of_zero()) >= least) {
      entries.emplace_back(s, span.code(row[s]));
    }
  }
  bytes.number(static_cast<std::uint64_t>(begin));
  bytes.number(static_cast<std::uint64_t>(end));
  bytes.number(entries.size());
  std::int64_t next = begin;
  for (const auto& [key, code] : entries) {
    bytes.number(static_cast<std::uint64_t>(key - next));
    bytes.code(code);
    next = key + 1;
  }
}

// A head in few dots: in each the weight farthest from 0, or the code of what no query sees.
class SmallPicture {
 public:
  SmallPicture(std::int64_t T, std::int64_t S)
      : T_(T), S_(S), rows_(std::min(kMostDots, T)), columns_(std::min(kMostDots, S)) {
    dots_.resize(static_cast<std::size_t>(rows_ * columns_), -INFINITY);
  }
  std::int64_t rows() const { return rows_; }
  std::int64_t columns() const { return columns_; }

  void add_row(std::int64_t t, const double* row) {
    double* const dots = dots_.data() + t * rows_ / T_ * columns_;
    for (std::int64_t s = 0; s < S_; ++s) {
      double& dot = dots[s * columns_ / S_];
      if (row[s] == -INFINITY) continue;
      if (dot == -INFINITY) dot = 0;
      if (std::isfinite(row[s]) && std::abs(row[s]) > std::abs(dot)) dot = row[s];
    }
  }
  void write(const Span& span, Bytes& bytes) const {
    for (const double dot : dots_) bytes.code(dot == -INFINITY ? kMasked : span.code(dot));
  }

 private:
  std::int64_t T_, S_, rows_, columns_;
  std::vector<double> dots_;
};

// What of a kind comes before the program, and the elements of its heads.
struct WrittenKind {
  Json json;
  std::vector<std::string> heads;
};

WrittenKind write_kind(const PageAttention& kind, std::size_t number, const Span& span, int least) {
  WrittenKind written;
  const std::int64_t T = std::ssize(kind.queries), S = std::ssize(kind.keys);
  Bytes small;
  for (std::int64_t i = 0; i < kind.layers * kind.heads; ++i) {
    Bytes bytes;
    SmallPicture picture(T, S);
    std::int64_t t = 0;
    for_each_row(kind, i / kind.heads, i % kind.heads, [&](const double* row) {
      write_row(row, S, span, least, bytes);
      picture.add_row(t++, row);
    });
    picture.write(span, small);
    written.heads.push_back("<script type=\"text/plain\" id=\"w" + std::to_string(number) + "." +
                            std::to_string(i) + "\">" + bytes.text() + "</script>\n");
  }
  const auto visible = [](const std::vector<std::string>& names) {
    Json labels = Json::array();
    for (const std::string& name : names) labels.push_back(visible_label(name));
    return labels;
  };
  const SmallPicture picture(T, S);
  written.json = {
      {"title", kind.title},
      {"queryTitle", kind.query_title},
      {"keyTitle", kind.key_title},
      {"queries", visible(kind.queries)},
      {"keys", visible(kind.keys)},
      {"same", kind.same_tokens},
      {"layers", kind.layers},
      {"heads", kind.heads},
      {"small",
       {{"rows", picture.rows()}, {"columns", picture.columns()}, {"codes", small.text()}}}};
  return written;
}

void check(const AttentionPage& page) {
  for (const PageAttention& kind : page.kinds) {
    if (kind.layers < 1 || kind.heads < 1 || kind.queries.empty() || kind.keys.empty()) {
      throw Error("page of attention: " + kind.title + " has no head, or no token");
    }
  }
  if (page.kind >= page.kinds.size() || page.layer < 0 || page.head < 0 ||
      page.layer >= page.kinds[page.kind].layers || page.head >= page.kinds[page.kind].heads) {
    throw Error("page of attention: the head that is to be open does not exist");
  }
}

}  // namespace

std::string render_attention_page(const AttentionPage& page) {
  check(page);
  Span span;
  for_each_weight(page, [&](double weight) { span.include(weight); });
  const int least = least_level(page, span);
  Json json{{"low", span.low},
            {"high", span.high},
            {"levels", kLevels},
            // Weights nearer to 0 have no entry.
            {"least", (least - 0.5) * (span.high - span.low) / kLevels},
            {"isWhole", least == 1},
            {"open", {{"kind", page.kind}, {"layer", page.layer}, {"head", page.head}}}};
  std::string opened, others;  // heads
  for (std::size_t i = 0; i < page.kinds.size(); ++i) {
    WrittenKind kind = write_kind(page.kinds[i], i, span, least);
    json["kinds"].push_back(std::move(kind.json));
    // A kind that is chosen later opens with its first head.
    const std::int64_t open = i == page.kind ? page.layer * page.kinds[i].heads + page.head : 0;
    for (std::int64_t head = 0; head < std::ssize(kind.heads); ++head) {
      (head == open ? opened : others) += kind.heads[static_cast<std::size_t>(head)];
    }
  }
  for (const Rgb c :
       color_table(span.low < 0 ? ColorMap::blue_to_red : ColorMap::violet_to_yellow)) {
    json["colors"].push_back({c.r, c.g, c.b});
  }
  return html_page(page.title,
                   "<h1 dir=\"auto\">" + escape_markup(page.title) + "</h1>\n" +
                       std::string(attention_page_body()) + opened,
                   json.dump(),
                   std::string(html_base_script()) + std::string(attention_page_data_script()) +
                       std::string(attention_page_map_script()),
                   std::string(attention_page_style()), others);
}

}  // namespace clearhead::plot
