#include "cli/page.h"

#include "cli/svg.h"

namespace hearsay::cli {

namespace {

// Colours after Okabe and Ito: told apart with any kind of colour blindness, and by their lightness.
constexpr const char* kStyle = R"css(
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1b1f24; --soft: #5b6570; --rule: #d6dbe1; --panel: #f4f6f8;
  --alive: #d3e6f3; --suspect: #e69f00; --failed: #b23a00; --left: #9aa3ad; --unknown: #f0f1f3;
  --suspect-text: #946600; --probes: #0072b2; --tables: #56b4e9; --known: #008661; --user: #b5588f; --framing: #a7adb5;
  --good: #00704f; --bad: #b23a00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171b; --ink: #e6e9ed; --soft: #9ba5b0; --rule: #363d45; --panel: #1e2329;
    --alive: #24455c; --suspect: #f0b429; --failed: #ff7a45; --left: #77818c; --unknown: #20252b;
    --suspect-text: #f0b429; --probes: #3f97d3; --tables: #86cdf5; --known: #2fb68c; --user: #d98bbb; --framing: #6c7681;
    --good: #49c9a0; --bad: #ff8a5c;
  }
}
@media print {
  :root {
    color-scheme: light;
    --paper: #ffffff; --ink: #000000; --soft: #444444; --rule: #cccccc; --panel: #ffffff;
    --alive: #d3e6f3; --suspect: #e69f00; --failed: #b23a00; --left: #9aa3ad; --unknown: #f0f1f3;
    --suspect-text: #7d5600; --probes: #0072b2; --tables: #56b4e9; --known: #008661; --user: #b5588f; --framing: #a7adb5;
    --good: #00704f; --bad: #b23a00;
  }
  body { max-width: none !important; font-size: 10.5pt !important; }
  .plot, table, .tiles { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 60rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .5rem; } h2 { font-size: 1.2rem; margin: 2.2rem 0 .4rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .2rem; } p { margin: .4rem 0; max-width: 46rem; }
code, pre { font: .85em/1.5 ui-monospace, "SF Mono", Consolas, "DejaVu Sans Mono", monospace; }
code { background: var(--panel); padding: .1em .35em; border-radius: 3px; overflow-wrap: anywhere; }
pre { background: var(--panel); padding: .7rem .9rem; border-radius: 5px; white-space: pre-wrap; overflow-wrap: anywhere; margin: .3rem 0; }
.verdicts span { display: inline-block; margin: 0 1rem .2rem 0; font-weight: 600; }
.good { color: var(--good); } .bad { color: var(--bad); }
.note { color: var(--soft); font-size: .9rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .6rem; margin: 1.2rem 0; }
.tiles div { background: var(--panel); border-radius: 6px; padding: .6rem .8rem; }
.tiles b { display: block; font-size: 1.35rem; line-height: 1.3; font-variant-numeric: tabular-nums; }
.tiles span { color: var(--soft); font-size: .82rem; line-height: 1.3; display: block; }
.wide, .plot { overflow-x: auto; }
table { border-collapse: collapse; font-size: .88rem; margin: .5rem 0; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .22rem .9rem .22rem 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
th { color: var(--soft); font-weight: 600; vertical-align: bottom; } .n { text-align: right; white-space: nowrap; }
th.n { white-space: normal; } .sum td { color: var(--soft); }
.bar { min-width: 7rem; } .bar i { display: block; height: .8em; margin-top: .3em; background: var(--probes); min-width: 1px; }
details summary { cursor: pointer; margin: .6rem 0; }
.key { display: inline-block; padding: 0 .5em; border-radius: 3px; font-size: .85rem; white-space: nowrap; }
.key.alive { background: var(--alive); } .key.suspect { background: var(--suspect); color: #000; }
.key.failed { background: var(--failed); color: var(--paper); } .key.left { background: var(--left); color: #000; }
.key.unknown { background: var(--unknown); border: 1px solid var(--rule); }
svg { display: block; width: 100%; min-width: 640px; height: auto; font: 12px system-ui, "Segoe UI", Roboto, Arial, sans-serif; }
svg text { fill: var(--ink); } svg .tick, svg .marked { fill: var(--soft); } svg .title { fill: var(--soft); font-size: 12.5px; }
svg .marked { font-size: 11px; }
.grid { stroke: var(--rule); stroke-width: 1; fill: none; } .axis { stroke: var(--soft); fill: none; }
.mark { stroke: var(--soft); stroke-dasharray: 3 3; fill: none; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.line.suspect { stroke: var(--suspect); } .line.failed { stroke: var(--failed); } .line.known { stroke: var(--known); }
.line.theory { stroke: var(--soft); stroke-dasharray: 6 4; } .line.theory.over { stroke: var(--ink); } .line.total { stroke: var(--ink); stroke-width: 1.2; }
.fill { stroke: none; } .fill.suspect, .shows.suspect { fill: var(--suspect); } .fill.failed, .shows.failed { fill: var(--failed); }
.fill.known { fill: var(--known); } .fill.probes { fill: var(--probes); } .fill.tables { fill: var(--tables); }
.fill.user { fill: var(--user); } .fill.framing { fill: var(--framing); }
.shows { stroke: none; } .shows.alive { fill: var(--alive); } .shows.left { fill: var(--left); } .shows.unknown { fill: var(--unknown); }
svg .label { font-weight: 600; } svg .label.suspect { fill: var(--suspect-text); } svg .label.failed { fill: var(--failed); }
svg .label.known { fill: var(--known); } svg .label.theory { fill: var(--soft); } svg .label.probes { fill: var(--probes); }
svg .label.tables { fill: var(--tables); } svg .label.user { fill: var(--user); } svg .label.framing { fill: var(--soft); }
@media (prefers-color-scheme: light) { svg .label.tables { fill: #2a7fb0; } }
@media print { svg .label.tables { fill: #2a7fb0; } }
)css";

}  // namespace

std::string make_page(std::string_view title, std::string_view body) {
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
         "content=\"width=device-width, initial-scale=1\">\n<title>" +
         html_text(title) + "</title>\n<style>" + kStyle + "</style>\n</head>\n<body>\n" + std::string(body) +
         "</body>\n</html>\n";
}

}  // namespace hearsay::cli
