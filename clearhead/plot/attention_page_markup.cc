// What stands on the page of attention, and how it looks. A phone shows one column.
#include "clearhead/plot/html_page.h"

namespace clearhead::plot {

std::string_view attention_page_body() {
  return R"html(<noscript><p>This page draws with JavaScript, which is switched off.</p></noscript>
<div id="controls">
  <label id="kindLabel">Attention <select id="kind"></select></label>
  <label>Weights <select id="scale"><option value="linear">linear</option>
    <option value="log">logarithmic</option></select></label>
  <label><input type="checkbox" id="sinks"> hide sinks</label>
  <label>Zoom <input type="range" id="zoom" min="1" max="40" value="1"></label>
</div>
<p id="chosen" aria-live="polite"></p>
<div id="work">
  <section aria-label="Layers and heads">
    <div id="heads" role="group" aria-describedby="headsHelp"></div>
    <p id="headsHelp">Each square is a head, a row a layer. Choose one; with Ctrl or Shift, several:
      then their mean is shown. Arrow keys move, Enter chooses.</p>
  </section>
  <section aria-label="Weights of the chosen heads">
    <div id="bar"><div class="name">attention weight (blank: masked)</div>
      <div class="colors"></div><div class="ticks"><span></span><span></span></div></div>
    <div id="frame"><div id="board"><div id="rowNames" aria-hidden="true"></div>
      <div id="map"><canvas id="cells"></canvas><div id="cursor"></div></div>
      <div id="corner"></div><div id="columnNames" aria-hidden="true"></div></div></div>
    <div id="values" aria-live="polite"></div>
  </section>
</div>
<section aria-label="Tokens">
  <fieldset id="direction"><legend>Tokens</legend>
    <label><input type="radio" name="way" value="from" checked> what a token looks at</label>
    <label><input type="radio" name="way" value="to"> what looks at a token</label>
  </fieldset>
  <div id="queries" class="tokens"></div>
  <div id="keys" class="tokens"></div>
  <ol id="strongest"></ol>
  <p>Point at a token or a cell; click to keep it, Escape lets go. In the map arrow keys move from
    cell to cell, with Shift by ten.</p>
</section>
<p id="note"></p>
)html";
}

std::string_view attention_page_style() {
  return R"css(
#controls { display: flex; flex-wrap: wrap; gap: 6px 20px; align-items: center; margin: 10px 0; }
#controls label { font-size: 14px; }
#controls select, #controls input { font: inherit; vertical-align: middle; }
#work { display: grid; grid-template-columns: minmax(160px, 300px) minmax(0, 1fr); gap: 20px; }
#heads { display: grid; gap: 3px; }
#heads button {
  padding: 0; border: 2px solid transparent; border-radius: 3px; background: none; cursor: pointer;
  aspect-ratio: 1; min-width: 0; line-height: 0;
}
#heads span { font-size: 11px; color: var(--muted); text-align: center; align-self: center; }
#heads button canvas { width: 100%; height: 100%; image-rendering: pixelated; display: block; }
#heads button[aria-pressed="true"] { border-color: var(--focus); }
#heads button:focus-visible { outline: 2px solid var(--text); outline-offset: 1px; }
#frame { overflow: auto; max-height: 78vh; width: fit-content; max-width: 100%;
  border: 1px solid var(--line); }
#board { display: grid; grid-template-columns: auto auto; width: max-content; }
#rowNames, #columnNames { position: sticky; background: var(--page); z-index: 1; font-size: 12px; }
#rowNames { left: 0; }
#corner { position: sticky; left: 0; bottom: 0; background: var(--page); z-index: 2; }
#columnNames { bottom: 0; display: flex; }
#rowNames div { padding: 0 5px; max-width: 10em; text-align: right; }
#columnNames div { writing-mode: vertical-rl; padding: 5px 0; max-height: 8em; text-align: left; }
#rowNames div, #columnNames div {
  overflow: hidden; text-overflow: ellipsis; white-space: pre; flex: none;
}
#map { position: relative; cursor: crosshair; touch-action: pan-x pan-y pinch-zoom; }
#map:focus-visible { outline: 2px solid var(--focus); outline-offset: -2px; }
#cells { display: block; image-rendering: pixelated; }
#cursor {
  position: absolute; pointer-events: none; display: none; outline: 2px solid #fff;
  box-shadow: 0 0 0 3.5px #111; min-width: 3px; min-height: 3px;
}
#values { min-height: 3em; padding: 6px 0; font-variant-numeric: tabular-nums; }
#values b { white-space: pre-wrap; }
#direction { border: 0; padding: 0; margin: 14px 0 6px; display: flex; gap: 4px 18px;
  flex-wrap: wrap; font-size: 14px; }
#direction legend { font-weight: 600; padding: 0; margin-bottom: 2px; }
.tokens { display: flex; flex-wrap: wrap; gap: 2px; max-height: 40vh; overflow: auto;
  padding: 4px 2px; margin-bottom: 6px; }
.tokens button {
  font: 14px/1.4 ui-monospace, "Noto Sans Mono", monospace; border: 1px solid transparent;
  border-radius: 3px; padding: 0 3px; color: inherit; background: none; cursor: pointer;
}
.tokens button:focus-visible { outline: 2px solid var(--focus); }
.tokens button.at { border-color: var(--text); }
#strongest { list-style: none; margin: 0 0 10px; padding: 0; font-size: 14px; max-width: 560px; }
#strongest b { white-space: pre-wrap; }
#strongest .weight { display: grid; grid-template-columns: 5.5em 8em minmax(0, 1fr); gap: 10px;
  align-items: center; font-variant-numeric: tabular-nums; }
#strongest .weight > span:first-child { text-align: right; }
#strongest i { display: block; height: 7px; border-radius: 3px; background: var(--focus); }
@media (max-width: 760px) { #work { grid-template-columns: minmax(0, 1fr); } }
)css";
}

}  // namespace clearhead::plot
