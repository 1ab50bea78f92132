// Text set by Pango. It is measured and drawn with the same fonts, in points and without hinting,
// so that a layout is right in every format and at every size.
#ifndef CLEARHEAD_PLOT_TEXT_H_
#define CLEARHEAD_PLOT_TEXT_H_

#include <memory>
#include <string>
#include <vector>

#include "clearhead/plot/color.h"

typedef struct _cairo cairo_t;  ///< of cairo.h

namespace clearhead::plot {

/// The smallest type that is set anywhere, in points.
inline constexpr double kSmallestType = 7;

/// How text is set.
struct TextStyle {
  double size = 8;              ///< points
  bool bold = false;            ///< heavier
  Rgb color{0x26, 0x26, 0x26};  ///< of the letters
};

/// A box around a line of text, relative to the start of its baseline; y grows downwards.
struct TextExtents {
  double width = 0;   ///< how far the pen moves
  double left = 0;    ///< of the ink
  double right = 0;   ///< likewise
  double top = 0;     ///< likewise, above the baseline: negative
  double bottom = 0;  ///< likewise
};

/// Measures and draws text of any script, by Pango.
class TextSetter {
 public:
  /// Looks for the fonts.
  TextSetter();
  /// Lets them go.
  ~TextSetter();
  TextSetter(const TextSetter&) = delete;
  TextSetter& operator=(const TextSetter&) = delete;

  /// `text` is valid UTF-8 of one line. Beyond `max_width` (0: no limit) its end becomes "…".
  TextExtents measure(const std::string& text, const TextStyle& style, double max_width = 0);
  /// Draws it with its baseline starting at (x, y) of `cairo`; `vertical` reads upwards.
  void draw(cairo_t* cairo, const std::string& text, const TextStyle& style, double max_width,
            double x, double y, bool vertical);
  /// `text` in lines of at most `width`, at most `most_lines` of them, broken between words.
  std::vector<std::string> wrap(const std::string& text, const TextStyle& style, double width,
                                int most_lines);

 private:
  struct Pango;
  void set(const std::string& text, const TextStyle& style, double max_width);

  std::unique_ptr<Pango> pango_;
};

}  // namespace clearhead::plot

#endif  // CLEARHEAD_PLOT_TEXT_H_
