// The files of figures: well formed, the same each time, whole or not at all.
#include "clearhead/plot/draw.h"

#include <cairo.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/plot/color.h"
#include "clearhead/plot/figure_file.h"
#include "clearhead/plot/html.h"
#include "tests/plot/figures.h"
#include "tests/testing.h"

namespace clearhead::plot {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// A decoded PNG.
class Image {
 public:
  explicit Image(const std::string& png) : rest_(png) {
    surface_ = cairo_image_surface_create_from_png_stream(
        [](void* self, unsigned char* data, unsigned int length) {
          std::string_view& rest = static_cast<Image*>(self)->rest_;
          if (rest.size() < length) return CAIRO_STATUS_READ_ERROR;
          std::memcpy(data, rest.data(), length);
          rest.remove_prefix(length);
          return CAIRO_STATUS_SUCCESS;
        },
        this);
  }
  ~Image() { cairo_surface_destroy(surface_); }
  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;

  bool ok() const { return cairo_surface_status(surface_) == CAIRO_STATUS_SUCCESS; }
  int width() const { return cairo_image_surface_get_width(surface_); }
  int height() const { return cairo_image_surface_get_height(surface_); }
  /// Whether all pixels of some square with this side have this colour.
  bool has_square(Rgb color, int side) const {
    std::vector<int> above(static_cast<std::size_t>(width()));  // pixels of it ending here
    for (int y = 0; y < height(); ++y) {
      int run = 0;
      for (int x = 0; x < width(); ++x) {
        above[x] = at(x, y) == color ? above[x] + 1 : 0;
        run = above[x] >= side ? run + 1 : 0;
        if (run >= side) return true;
      }
    }
    return false;
  }

 private:
  Rgb at(int x, int y) const {
    const unsigned char* pixel =
        cairo_image_surface_get_data(surface_) +
        static_cast<std::ptrdiff_t>(y) * cairo_image_surface_get_stride(surface_) + 4 * x;
    return {pixel[2], pixel[1], pixel[0]};
  }

  std::string_view rest_;
  cairo_surface_t* surface_ = nullptr;
};

using Renderer = std::string (*)(const Heatmap&);
constexpr Renderer kRenderers[] = {render_svg, render_png, render_pdf, render_html};

TEST(Draw, EveryFormatDrawsEveryEdgeCase) {
  for (const auto& [name, heatmap] : edge_cases()) {
    SCOPED_TRACE(name);
    EXPECT_THAT(render_svg(heatmap), StartsWith("<?xml"));
    EXPECT_THAT(render_pdf(heatmap), StartsWith("%PDF-"));
    EXPECT_THAT(render_html(heatmap), StartsWith("<!DOCTYPE html>"));
    EXPECT_TRUE(Image(render_png(heatmap)).ok());
  }
}

TEST(Draw, SameHeatmapGivesSameBytes) {
  Heatmap large = one_panel(random_matrix(150, 150, 1));  // drawn as an image
  Heatmap small = labelled(12, 12, 2);
  small.panels.push_back(labelled(12, 12, 3).panels[0]);
  for (const Heatmap& heatmap : {large, small}) {
    for (const Renderer render : kRenderers) EXPECT_TRUE(render(heatmap) == render(heatmap));
  }
}

// The colour bar shows every colour, but in strips: only a cell fills a square of one.
TEST(Draw, CellsHaveTheColoursOfTheirValues) {
  const ColorTable& table = color_table(ColorMap::violet_to_yellow);
  const Image image(render_png(one_panel(Tensor::of<double>({1, 3}, {0, 0.3, 1}))));
  for (const int i : {0, 76, 255}) EXPECT_TRUE(image.has_square(table[i], 20)) << i;
  EXPECT_FALSE(image.has_square(table[128], 20));
}

TEST(Draw, OneValueAmongMillionsIsSeen) {
  Tensor matrix({2000, 2000});
  matrix.mutable_data<float>()[1234567] = 1;
  const Rgb highest = color_table(ColorMap::violet_to_yellow)[255];
  // A cell is at least three quarters of a point, three pixels, wide and high.
  EXPECT_TRUE(Image(render_png(one_panel(matrix))).has_square(highest, 3));
}

TEST(Draw, LargeMatrixStaysASmallFile) {
  const Heatmap heatmap = one_panel(random_weights(1200, 1200, 4));
  const Image image(render_png(heatmap));
  EXPECT_LT(image.width(), 4000);
  EXPECT_LT(image.height(), 4000);
  for (const Renderer render : kRenderers) EXPECT_LT(render(heatmap).size(), 8u << 20);
}

TEST(Draw, MatrixWithoutValuesIsAnError) {
  for (const Renderer render : kRenderers) {
    EXPECT_THROW(render(one_panel(Tensor({0, 5}))), Error);
    EXPECT_THROW(render({}), Error);
  }
}

TEST(Svg, TitleIsEscaped) {
  Heatmap heatmap = one_panel(Tensor({2, 2}));
  heatmap.title = "a < b & \"c\"";
  EXPECT_THAT(render_svg(heatmap), HasSubstr("<title>a &lt; b &amp; &quot;c&quot;</title>"));
}

TEST(FigureFile, EndingChoosesTheFormat) {
  const TemporaryFolder folder;
  const Heatmap heatmap = one_panel(random_weights(3, 3, 1));
  for (const std::string& ending : figure_endings()) {
    const std::filesystem::path path = folder.path() / ("figure" + ending);
    write_figure(heatmap, path);
    EXPECT_GT(content(path).size(), 1000u) << ending;
  }
  write_figure(heatmap, folder.path() / "SHOUTED.PNG");
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "SHOUTED.PNG"));
}

TEST(FigureFile, UnknownEndingListsTheKnown) {
  for (const char* name : {"figure.jpg", "figure", "figure.", ".png"}) {
    expect_error([&] { check_figure_ending(name); }, ".html, .pdf, .png, .svg");
  }
  EXPECT_NO_THROW(check_figure_ending("a/b.c/figure.Svg"));
}

TEST(FigureFile, NothingIsLeftWhenDrawingFails) {
  const TemporaryFolder folder;
  EXPECT_THROW(write_figure(Heatmap{}, folder.path() / "figure.png"), Error);
  EXPECT_THROW(write_figure(one_panel(Tensor({1, 1})), folder.path() / "none" / "figure.png"),
               Error);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace clearhead::plot
