// The style of the page: light or dark like the reader's system; one column on a phone.
#include "clearhead/plot/html_page.h"

namespace clearhead::plot {

std::string_view html_style() {
  return R"css(
:root {
  color-scheme: light dark;
  --page: #ffffff; --text: #1a1a1a; --muted: #595959; --line: #8c8c8c; --card: #ffffff;
  --masked: #f1f1f1; --masked-line: #c2c2c2; --nan: #b0b0b0; --nan-line: #505050;
  --infinite: #101010; --infinite-line: #ffffff; --focus: #0b57d0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #171717; --text: #e8e8e8; --muted: #a9adb3; --line: #70757c; --card: #24272c;
    --masked: #22252a; --masked-line: #4a4f57; --nan: #6b6b6b; --nan-line: #c4c4c4;
    --infinite: #f4f4f4; --infinite-line: #101010; --focus: #8ab4f8;
  }
}
* { box-sizing: border-box; }
html { scrollbar-gutter: stable; }  /* panels are sized before the page is long enough to scroll */
body {
  margin: 0 auto; padding: 20px clamp(12px, 3vw, 32px) 96px; max-width: 1400px;
  background: var(--page); color: var(--text);
  font: 15px/1.45 system-ui, "Noto Sans", "Segoe UI", sans-serif;
}
h1 { font-size: 1.4em; line-height: 1.25; margin: 0 0 4px; overflow-wrap: anywhere; }
p { margin: 0 0 6px; color: var(--muted); font-size: 13px; overflow-wrap: anywhere; }
#legend { display: flex; flex-wrap: wrap; gap: 8px 28px; align-items: start; margin: 14px 0 18px; }
#bar { width: min(300px, 100%); }
#bar .name { font-size: 13px; color: var(--muted); }
#bar .colors { position: relative; height: 12px; margin: 9px 0 0; border-radius: 2px; }
#bar .ticks { position: relative; height: 24px; font-size: 12px; }
#bar .ticks span { position: absolute; top: 6px; transform: translateX(-50%); white-space: nowrap; }
#bar .ticks span::before {
  content: ""; position: absolute; left: 50%; top: -6px; height: 5px;
  border-left: 1px solid var(--line);
}
#bar .ticks span:first-child { transform: none; }
#bar .ticks span:last-child { transform: translateX(-100%); }
#bar .ticks span:first-child::before { left: 0; }
#bar .ticks span:last-child::before { left: auto; right: 0; }
#marker {
  position: absolute; top: -8px; width: 0; margin-left: -5px; display: none;
  border: 5px solid transparent; border-bottom-width: 0; border-top: 7px solid var(--text);
}
.special {
  display: inline-flex; gap: 7px; align-items: center; font-size: 13px; margin-right: 16px;
}
.special canvas { width: 16px; height: 16px; }
#panels { display: grid; gap: 22px 26px; align-items: start; }
figure { margin: 0; min-width: 0; }
figcaption { font-weight: 600; font-size: 14px; margin: 0; overflow-wrap: anywhere; }
figure:only-child figcaption { font-weight: 400; color: var(--muted); }
.scroll { overflow-x: auto; overflow-y: hidden; padding: 3px; margin: -3px; }
.plot { position: relative; }
.plot > canvas { position: absolute; left: 0; top: 0; width: 100%; height: 100%; }
.cells { position: absolute; cursor: crosshair; touch-action: pan-x pan-y pinch-zoom; }
.cells:focus-visible { outline: 2px solid var(--focus); outline-offset: 1px; }
.cursor { position: absolute; pointer-events: none; display: none; }
.cursor { outline: 2px solid #fff; box-shadow: 0 0 0 3.5px #111; }
.tag {
  position: absolute; display: none; pointer-events: none; padding: 0 4px; border-radius: 3px;
  background: var(--text); color: var(--page); font-size: 12px; line-height: 17px;
  max-width: 180px; overflow: hidden; text-overflow: ellipsis; white-space: pre; z-index: 1;
}
#tip {
  position: fixed; display: none; z-index: 2; max-width: min(360px, 92vw); padding: 8px 12px;
  background: var(--card); color: var(--text); border: 1px solid var(--line); border-radius: 8px;
  box-shadow: 0 4px 18px rgb(0 0 0 / 0.22); font-size: 13px; pointer-events: none;
}
#tip .value { font-size: 16px; font-weight: 600; font-variant-numeric: tabular-nums; }
#tip .value i, #tip .item i {
  display: inline-block; width: 0.8em; height: 0.8em; margin-right: 7px; border-radius: 2px;
  border: 1px solid var(--line);
}
#tip .item { overflow-wrap: anywhere; }
#tip .item b { font-weight: 600; white-space: pre-wrap; }
#tip .item span { color: var(--muted); }
#plot { position: relative; max-width: 900px; margin: 12px 0; }
#plot svg { display: block; width: 100%; height: auto; }
@media (prefers-color-scheme: dark) {
  /* Curves are drawn for white paper. Light and dark change places, hues stay, and paper becomes
     255 - 0.91 * 255 = 23: #171717, the page. */
  #plot svg, #tip .item i { filter: invert(0.91) hue-rotate(180deg); }
}
#plot:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
#ruler {
  position: absolute; width: 0; border-left: 1px dashed var(--muted); display: none;
  pointer-events: none;
}
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
@media (pointer: coarse) {
  #tip { left: 0 !important; right: 0; top: auto !important; bottom: 0; max-width: none;
         border-radius: 12px 12px 0 0; border-width: 1px 0 0; padding: 12px 18px 18px; }
}
@media print { body { padding: 0; } #tip { display: none !important; } }
)css";
}

}  // namespace clearhead::plot
