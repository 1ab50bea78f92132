// A figure as a file whose ending says the format.
#ifndef CLEARHEAD_PLOT_FIGURE_FILE_H_
#define CLEARHEAD_PLOT_FIGURE_FILE_H_

#include <filesystem>
#include <string>
#include <vector>

#include "clearhead/plot/heatmap.h"
#include "clearhead/plot/line_plot.h"

namespace clearhead::plot {

/// The endings that `write_figure` knows: ".html", ".pdf", ".png", ".svg".
std::vector<std::string> figure_endings();

/// Throws Error, with the list of known endings, unless `write_figure` knows the ending of `path`
/// (capitals or not). So a program can refuse a name before it calculates for an hour.
void check_figure_ending(const std::filesystem::path& path);

/// Draws the figure into the file `path`, whole or not at all. The same figure gives the same bytes
/// (on a machine with the same fonts). Throws Error if the figure is not valid, the ending unknown
/// or the file cannot be written.
void write_figure(const Heatmap& heatmap, const std::filesystem::path& path);
/// The same for curves.
void write_figure(const LinePlot& plot, const std::filesystem::path& path);

}  // namespace clearhead::plot

#endif  // CLEARHEAD_PLOT_FIGURE_FILE_H_
