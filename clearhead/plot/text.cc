// Pango, wrapped.
#include "clearhead/plot/text.h"

#include <pango/pangocairo.h>

#include <string_view>

#include "clearhead/plot/label.h"

namespace clearhead::plot {
namespace {

// Noto has almost every script and DejaVu comes with every Debian; what both lack, fontconfig
// finds.
constexpr const char* kFontFamilies = "Noto Sans,DejaVu Sans,sans-serif";

// Marks that stand for blank space are paler than letters.
constexpr std::string_view kSpaceMark = "␣";
constexpr guint16 kSpaceMarkGrey = 0xb0b0;

// Longer text could not be read anyway and would take Pango long.
constexpr int kMostColumns = 400;

}  // namespace

struct TextSetter::Pango {
  // The font map belongs to the thread, which so loads each font once.
  PangoContext* context = pango_font_map_create_context(pango_cairo_font_map_get_default());
  PangoLayout* layout = nullptr;

  Pango() {
    cairo_font_options_t* options = cairo_font_options_create();
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    pango_cairo_context_set_font_options(context, options);
    cairo_font_options_destroy(options);
    pango_cairo_context_set_resolution(context, 72);  // so that a unit is a point
    pango_context_set_round_glyph_positions(context, FALSE);
    layout = pango_layout_new(context);
    pango_layout_set_single_paragraph_mode(layout, TRUE);
  }
  ~Pango() {
    g_object_unref(layout);
    g_object_unref(context);
  }
};

TextSetter::TextSetter() : pango_(std::make_unique<Pango>()) {}
TextSetter::~TextSetter() = default;

void TextSetter::set(const std::string& text, const TextStyle& style, double max_width) {
  PangoFontDescription* font = pango_font_description_new();
  pango_font_description_set_family_static(font, kFontFamilies);
  pango_font_description_set_weight(font, style.bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
  pango_font_description_set_absolute_size(font, style.size * PANGO_SCALE);
  pango_layout_set_font_description(pango_->layout, font);
  pango_font_description_free(font);
  pango_layout_set_ellipsize(pango_->layout,
                             max_width > 0 ? PANGO_ELLIPSIZE_END : PANGO_ELLIPSIZE_NONE);
  pango_layout_set_width(pango_->layout, max_width > 0 ? pango_units_from_double(max_width) : -1);
  const std::string kept = shorten(text, kMostColumns);
  pango_layout_set_text(pango_->layout, kept.data(), static_cast<int>(kept.size()));
  PangoAttrList* attributes = pango_attr_list_new();
  for (std::size_t at = kept.find(kSpaceMark); at != std::string::npos;
       at = kept.find(kSpaceMark, at + 1)) {
    PangoAttribute* pale =
        pango_attr_foreground_new(kSpaceMarkGrey, kSpaceMarkGrey, kSpaceMarkGrey);
    pale->start_index = static_cast<guint>(at);
    pale->end_index = static_cast<guint>(at + kSpaceMark.size());
    pango_attr_list_insert(attributes, pale);
  }
  pango_layout_set_attributes(pango_->layout, attributes);
  pango_attr_list_unref(attributes);
}

TextExtents TextSetter::measure(const std::string& text, const TextStyle& style, double max_width) {
  set(text, style, max_width);
  PangoRectangle ink, logical;
  pango_layout_line_get_extents(pango_layout_get_line_readonly(pango_->layout, 0), &ink, &logical);
  return {.width = pango_units_to_double(logical.width),
          .left = pango_units_to_double(ink.x),
          .right = pango_units_to_double(ink.x + ink.width),
          .top = pango_units_to_double(ink.y),
          .bottom = pango_units_to_double(ink.y + ink.height)};
}

void TextSetter::draw(cairo_t* cairo, const std::string& text, const TextStyle& style,
                      double max_width, double x, double y, bool vertical) {
  set(text, style, max_width);
  cairo_save(cairo);
  cairo_set_source_rgb(cairo, style.color.r / 255.0, style.color.g / 255.0, style.color.b / 255.0);
  cairo_translate(cairo, x, y);
  if (vertical) cairo_rotate(cairo, -G_PI / 2);
  cairo_move_to(cairo, 0, 0);
  pango_cairo_show_layout_line(cairo, pango_layout_get_line_readonly(pango_->layout, 0));
  cairo_restore(cairo);
}

std::vector<std::string> TextSetter::wrap(const std::string& text, const TextStyle& style,
                                          double width, int most_lines) {
  if (text.empty()) return {};
  set(text, style, 0);
  pango_layout_set_width(pango_->layout, pango_units_from_double(width));
  pango_layout_set_wrap(pango_->layout, PANGO_WRAP_WORD_CHAR);
  const std::string kept = pango_layout_get_text(pango_->layout);
  std::vector<std::string> lines;
  const int count = pango_layout_get_line_count(pango_->layout);
  for (int i = 0; i < count; ++i) {
    const PangoLayoutLine* line = pango_layout_get_line_readonly(pango_->layout, i);
    const auto start = static_cast<std::size_t>(line->start_index);
    if (i + 1 == most_lines) {  // the rest; whoever draws it shortens it
      lines.push_back(kept.substr(start));
      break;
    }
    std::string part = kept.substr(start, static_cast<std::size_t>(line->length));
    while (!part.empty() && part.back() == ' ') part.pop_back();
    lines.push_back(part);
  }
  return lines;
}

}  // namespace clearhead::plot
