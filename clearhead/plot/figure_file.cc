// The table of endings and what draws them.
#include "clearhead/plot/figure_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/plot/draw.h"
#include "clearhead/plot/html.h"

namespace clearhead::plot {
namespace {

template <typename T>
using Renderer = std::string (*)(const T&);

struct Format {
  Renderer<Heatmap> heatmap;
  Renderer<LinePlot> lines;
};

const std::map<std::string, Format>& formats() {
  static const std::map<std::string, Format> kFormats{{".html", {render_html, render_html}},
                                                      {".pdf", {render_pdf, render_pdf}},
                                                      {".png", {render_png, render_png}},
                                                      {".svg", {render_svg, render_svg}}};
  return kFormats;
}

const Format& format_for(const std::filesystem::path& path) {
  const std::string ending = ending_of(path);
  const auto found = formats().find(ending);
  if (found == formats().end()) {
    throw Error(fmt::format("{}: a figure ends in one of {}; got {}", path.string(),
                            fmt::join(figure_endings(), ", "),
                            ending.empty() ? "no ending" : '"' + ending + '"'));
  }
  return found->second;
}

void write_bytes(const std::string& bytes, const std::filesystem::path& path) {
  write_file(path, [&](std::ostream& stream) {
    stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  });
}

}  // namespace

std::vector<std::string> figure_endings() {
  std::vector<std::string> endings;
  for (const auto& [ending, format] : formats()) endings.push_back(ending);
  return endings;
}

void check_figure_ending(const std::filesystem::path& path) { format_for(path); }

void write_figure(const Heatmap& heatmap, const std::filesystem::path& path) {
  write_bytes(format_for(path).heatmap(heatmap), path);
}

void write_figure(const LinePlot& plot, const std::filesystem::path& path) {
  write_bytes(format_for(path).lines(plot), path);
}

}  // namespace clearhead::plot
