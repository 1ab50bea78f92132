// The page of attention: its weights read back, the smallest left out where there is no room, and
// text that is never more than text.
#include "clearhead/plot/attention_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/testing.h"

namespace clearhead::plot {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

// What an element with this beginning holds.
std::string element_of(const std::string& page, const std::string& begin) {
  const std::size_t from = page.find(begin);
  if (from == std::string::npos) return "";
  return page.substr(from + begin.size(), page.find("</script>", from) - from - begin.size());
}

// The data of a page, and the text of each head as data["kinds"][kind]["weights"][head].
Json data_of(const std::string& page) {
  Json data = Json::parse(element_of(page, "<script type=\"application/json\" id=\"data\">"));
  for (std::size_t kind = 0; kind < data["kinds"].size(); ++kind) {
    Json& of = data["kinds"][kind];
    for (int head = 0; head < of["layers"].get<int>() * of["heads"].get<int>(); ++head) {
      of["weights"].push_back(element_of(page, "<script type=\"text/plain\" id=\"w" +
                                                   std::to_string(kind) + "." +
                                                   std::to_string(head) + "\">"));
    }
  }
  return data;
}

std::string bytes_of(const std::string& base64) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned bits = 0, held = 0;
  for (const char c : base64) {
    if (c == '=') break;
    bits = bits << 6 | static_cast<unsigned>(kDigits.find(c));
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes += static_cast<char>(bits >> held & 0xff);
  }
  return bytes;
}

// The weights of a head as the page's script reads them; 0 where there is no entry.
Tensor read_head(const Json& data, std::size_t kind, std::size_t head) {
  const Json& of = data["kinds"][kind];
  const std::int64_t T = std::ssize(of["queries"]), S = std::ssize(of["keys"]);
  const std::string bytes = bytes_of(of["weights"][head].get<std::string>());
  std::size_t at = 0;
  const auto byte = [&] {
    return static_cast<std::int64_t>(static_cast<unsigned char>(bytes[at++]));
  };
  const auto number = [&] {
    std::int64_t x = 0;
    for (int shift = 0;; shift += 7) {
      const std::int64_t b = byte();
      x |= (b & 127) << shift;
      if (b < 128) return x;
    }
  };
  const double low = data["low"],
               step = (data["high"].get<double>() - low) / data["levels"].get<int>();
  Tensor weights({T, S}, DType::f64);
  double* const w = weights.mutable_data<double>();
  std::fill(w, w + T * S, -kInfinity);
  for (std::int64_t t = 0; t < T; ++t) {
    std::int64_t key = number();
    const std::int64_t end = number();
    std::fill(w + t * S + key, w + t * S + end, 0.0);
    for (std::int64_t left = number(); left > 0; --left) {
      key += number();
      const std::int64_t code = byte() + 256 * byte();
      w[t * S + key++] = code == 0       ? -kInfinity
                         : code == 65535 ? kNan
                                         : low + static_cast<double>(code - 1) * step;
    }
  }
  EXPECT_EQ(at, bytes.size());
  return weights;
}

std::vector<std::string> names(std::int64_t count) {
  std::vector<std::string> all;
  for (std::int64_t i = 0; i < count; ++i) all.push_back("t" + std::to_string(i));
  return all;
}

// Causal rows that sum to 1; another head has others.
Tensor weights_of(std::int64_t T, std::int64_t head) {
  Tensor weights = random_tensor({T, T}, static_cast<std::uint64_t>(head + 1));
  double* const w = weights.mutable_data<double>();
  for (std::int64_t t = 0; t < T; ++t) {
    double sum = 0;
    for (std::int64_t s = 0; s < T; ++s) {
      w[t * T + s] = s > t ? -kInfinity : std::exp(3 * w[t * T + s]);
      if (s <= t) sum += w[t * T + s];
    }
    for (std::int64_t s = 0; s <= t; ++s) w[t * T + s] /= sum;
  }
  return weights;
}

AttentionPage page_of(std::int64_t T, std::int64_t layers, std::int64_t heads) {
  return {.title = "model",
          .kinds = {{.title = "attention",
                     .query_title = "query",
                     .key_title = "key",
                     .queries = names(T),
                     .keys = names(T),
                     .layers = layers,
                     .heads = heads,
                     .weights = [=](std::int64_t layer, std::int64_t head, std::int64_t t,
                                    std::int64_t t_end) {
                       return weights_of(T, layer * heads + head).slice(0, t, t_end);
                     }}}};
}

AttentionPage page_of(const Tensor& weights) {
  AttentionPage page = page_of(1, 1, 1);
  page.kinds[0].queries = names(weights.size(0));
  page.kinds[0].keys = names(weights.size(1));
  page.kinds[0].weights = [=](std::int64_t, std::int64_t, std::int64_t t, std::int64_t t_end) {
    return weights.slice(0, t, t_end);
  };
  return page;
}

TEST(AttentionPage, HasTheWeightsOfEveryHead) {
  const Json data = data_of(render_attention_page(page_of(150, 2, 3)));
  EXPECT_TRUE(data["isWhole"]);
  for (std::size_t head = 0; head < 6; ++head) {
    const Tensor expected = weights_of(150, static_cast<std::int64_t>(head));
    const Tensor read = read_head(data, 0, head);
    EXPECT_LT(largest_difference(read, expected), 0.51 / 65533);  // half a level
  }
}

// The program draws the head that is open without what comes behind it.
TEST(AttentionPage, HasTheOpenHeadBeforeItsProgramAndOthersBehindIt) {
  AttentionPage page = page_of(3, 2, 2);
  page.layer = 1;
  const std::string text = render_attention_page(page);
  const std::size_t program = text.find("'use strict'");
  for (const int head : {0, 1, 2, 3}) {
    EXPECT_EQ(text.find("id=\"w0." + std::to_string(head)) < program, head == 2) << head;
  }
}

TEST(AttentionPage, HasASmallPictureOfEachHead) {
  Tensor weights({96, 3}, DType::f64);
  double* const w = weights.mutable_data<double>();
  w[0] = 0.25, w[3] = 0.5;                   // of queries that share a dot
  w[2 * 3 + 1] = w[3 * 3 + 1] = -kInfinity;  // so do these
  const Json data = data_of(render_attention_page(page_of(weights)));
  const Json& small = data["kinds"][0]["small"];
  EXPECT_EQ(small["rows"], 48);
  EXPECT_EQ(small["columns"], 3);
  const std::string bytes = bytes_of(small["codes"].get<std::string>());
  const auto code = [&](std::size_t dot) {
    return static_cast<unsigned char>(bytes[2 * dot]) +
           256 * static_cast<unsigned char>(bytes[2 * dot + 1]);
  };
  EXPECT_EQ(bytes.size(), 2u * 48 * 3);
  EXPECT_EQ(code(0), 1 + 32767);  // of 65533 levels between 0 and 1
  EXPECT_EQ(code(1), 1);
  EXPECT_EQ(code(3 + 1), 0);
}

TEST(AttentionPage, KeepsWhatIsNoWeight) {
  const Tensor odd = tensor_of({2, 4}, {-kInfinity, 0.5, -kInfinity, kNan, 7, -2, 0, -kInfinity});
  const Json data = data_of(render_attention_page(page_of(odd)));
  EXPECT_LT(largest_difference(read_head(data, 0, 0), odd), 9 * 0.51 / 65533);
  const Tensor unseen = tensor_of({1, 2}, {-kInfinity, -kInfinity});
  EXPECT_EQ(
      largest_difference(read_head(data_of(render_attention_page(page_of(unseen))), 0, 0), unseen),
      0);
}

TEST(AttentionPage, LeavesTheSmallestOutWhereThereIsNoRoom) {
  AttentionPage page = page_of(200, 1, 2);
  page.most_bytes = 20'000;
  const std::string text = render_attention_page(page);
  const Json data = data_of(text);
  EXPECT_FALSE(data["isWhole"]);
  const double least = data["least"];
  EXPECT_GT(least, 1e-4);
  std::size_t size = 0;
  for (const Json& head : data["kinds"][0]["weights"]) size += head.get<std::string>().size();
  EXPECT_LT(size, 4.0 / 3 * (20'000 + 2 * 200 * 6));  // rows have up to six bytes of their own
  const Tensor expected = weights_of(200, 1), read = read_head(data, 0, 1);
  for (std::int64_t i = 0; i < expected.count(); ++i) {
    const double x = expected.data<double>()[i], y = read.data<double>()[i];
    if (x >= least + 1e-5) {
      EXPECT_NEAR(y, x, 1e-5);
    } else if (x < least - 1e-5 && x >= 0) {
      EXPECT_EQ(y, 0);
    }
  }
}

TEST(AttentionPage, QueriesAndKeysMayBeOtherTokens) {
  AttentionPage page = page_of(3, 1, 1);
  page.kinds.push_back(page_of(tensor_of({1, 3}, {0.25, 0.5, 0.25})).kinds[0]);
  page.kinds[1].same_tokens = false;
  page.kind = 1;
  const Json data = data_of(render_attention_page(page));
  EXPECT_EQ(data["open"]["kind"], 1);
  EXPECT_EQ(data["kinds"][1]["keys"].size(), 3u);
  EXPECT_NEAR(read_head(data, 1, 0).at({0, 1}), 0.5, 1e-5);
}

TEST(AttentionPage, LoadsNothingAndTextOfUsersIsNeverMarkup) {
  const std::string attack = "</script><script>alert(1)</script><img src=x onerror=\"alert(2)\">&";
  AttentionPage page = page_of(2, 1, 1);
  page.title = page.kinds[0].title = page.kinds[0].query_title = attack;
  page.kinds[0].queries = page.kinds[0].keys = {attack, "<!--"};
  const std::string text = render_attention_page(page);
  EXPECT_THAT(text, Not(HasSubstr("alert(1)</script>")));
  EXPECT_THAT(text, Not(HasSubstr("<img")));
  EXPECT_THAT(text, Not(HasSubstr("<!--")));
  for (const char* sign : {"http:", "https:", "href=", "@import", "url("}) {
    EXPECT_THAT(text, Not(HasSubstr(sign))) << sign;
  }
  EXPECT_THAT(text, HasSubstr("default-src 'none'"));
}

TEST(AttentionPage, WhatDoesNotFitTogetherIsRefused) {
  AttentionPage page = page_of(3, 1, 1);
  page.kinds[0].keys = names(2);
  expect_error([&] { render_attention_page(page); }, "expected weights [3, 2], got [3, 3]");
  page = page_of(3, 1, 1);
  page.head = 1;
  expect_error([&] { render_attention_page(page); }, "does not exist");
  page = page_of(3, 1, 0);
  expect_error([&] { render_attention_page(page); }, "no head");
  expect_error([] { render_attention_page({}); }, "does not exist");
}

}  // namespace
}  // namespace clearhead::plot
