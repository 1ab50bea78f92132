// The table of endings.
#include "clearhead/plot/figure_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/plot/draw.h"
#include "clearhead/plot/html.h"

namespace clearhead {
namespace {

using Renderer = std::string (*)(const Heatmap&);

const std::map<std::string, Renderer>& renderers() {
  static const std::map<std::string, Renderer> kRenderers{
      {".html", render_html}, {".pdf", render_pdf}, {".png", render_png}, {".svg", render_svg}};
  return kRenderers;
}

Renderer renderer_for(const std::filesystem::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto found = renderers().find(ending);
  if (found == renderers().end()) {
    throw Error(fmt::format("{}: a figure ends in one of {}; got {}", path.string(),
                            fmt::join(figure_endings(), ", "),
                            ending.empty() ? "no ending" : '"' + ending + '"'));
  }
  return found->second;
}

}  // namespace

std::vector<std::string> figure_endings() {
  std::vector<std::string> endings;
  for (const auto& [ending, renderer] : renderers()) endings.push_back(ending);
  return endings;
}

void check_figure_ending(const std::filesystem::path& path) { renderer_for(path); }

void write_figure(const Heatmap& heatmap, const std::filesystem::path& path) {
  const std::string bytes = renderer_for(path)(heatmap);
  write_file(path, [&](std::ostream& stream) {
    stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  });
}

}  // namespace clearhead
