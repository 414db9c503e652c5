/** The page's own style sheet: readable in the light, in the dark and on paper, and without any font but the reader's. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #16202a; --muted: #5c6b7a; --line: #dfe5ea; --card: #f5f7f9;
  --from: #c2650c; --to: #0b7a75; --other: #7c8a97; --canary: #4a4fd0; --stall: rgba(210, 60, 60, .16);
  --good: #0b7a4b; --warning: #a86200; --bad: #c02a2a;
}
@media (prefers-color-scheme: dark) {
  :root:not(.on-paper) {
    --paper: #10161c; --ink: #e8eef3; --muted: #93a3b1; --line: #2a3540; --card: #18212a;
    --from: #f2a04a; --to: #3fc6bd; --other: #8696a4; --canary: #9a9ef7; --stall: rgba(255, 110, 110, .22);
    --good: #46cf93; --warning: #f0b254; --bad: #ff7b72;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums; -webkit-font-smoothing: antialiased;
}
main { max-width: 1080px; margin: 0 auto; padding: 40px 28px 72px; }
header p { margin: 0; color: var(--muted); }
.end { display: inline-block; margin-bottom: 14px; padding: 3px 12px; border-radius: 99px; font-size: 14px; font-weight: 600;
  color: var(--paper); background: var(--good); }
.end.warning { color: var(--paper); background: var(--warning); } .end.bad { color: var(--paper); background: var(--bad); }
h1 { margin: 0 0 12px; font-size: 30px; line-height: 1.28; font-weight: 650; letter-spacing: -.012em; text-wrap: balance; }
h2 { margin: 48px 0 4px; font-size: 20px; font-weight: 650; letter-spacing: -.005em; }
h2 + p { margin: 0 0 14px; color: var(--muted); max-width: 72ch; }
.reason { margin: 14px 0 0; padding: 12px 16px; border-left: 3px solid var(--bad); background: var(--card); border-radius: 0 8px 8px 0; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 28px 0 0; padding: 0; list-style: none; }
.figures li { padding: 14px 16px; border-radius: 10px; background: var(--card); }
.figures b { display: block; font-size: 25px; line-height: 1.25; font-weight: 650; letter-spacing: -.015em; white-space: nowrap; }
.figures span { display: block; color: var(--muted); font-size: 14px; line-height: 1.35; }
.good { color: var(--good); } .warning { color: var(--warning); } .bad { color: var(--bad); } .muted { color: var(--muted); }
.charts { margin-top: 14px; border: 1px solid var(--line); border-radius: 12px; padding: 16px 18px 10px; }
.views { display: flex; flex-wrap: wrap; gap: 6px; margin-bottom: 6px; }
.views button { font: inherit; font-size: 14px; padding: 3px 12px; border: 1px solid var(--line); border-radius: 99px; background: none; color: var(--muted); cursor: pointer; }
.views button[aria-pressed="true"] { background: var(--ink); border-color: var(--ink); color: var(--paper); }
figure { margin: 14px 0 0; } figcaption { display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: baseline; font-size: 14px; }
figcaption strong { font-weight: 600; } figcaption output { margin-left: auto; color: var(--muted); min-height: 1.5em; }
.key { color: var(--muted); } .key::before { content: ""; display: inline-block; width: 10px; height: 10px; margin-right: 6px; border-radius: 3px; background: currentColor; }
.key.from::before { background: var(--from); } .key.to::before { background: var(--to); } .key.other::before { background: var(--other); }
.key.canary::before { background: var(--canary); } .key.stall::before { background: var(--stall); }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 15px; }
th { padding: 8px 14px 8px 0; text-align: left; font-size: 13px; font-weight: 600; color: var(--muted); border-bottom: 1px solid var(--line); white-space: nowrap; }
td { padding: 8px 14px 8px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody:last-child tr:last-child td { border-bottom: 0; } th[scope=rowgroup] { padding-top: 16px; color: var(--ink); border-bottom: 0; } td.number, th.number { text-align: right; white-space: nowrap; }
td.name { font-weight: 600; white-space: nowrap; }
.bar { position: relative; min-width: 190px; width: 32%; } .bar i { position: absolute; top: 13px; height: 9px; border-radius: 3px; background: var(--to); min-width: 2px; }
.bar i.before { background: var(--other); opacity: .55; } .bar i.failed { background: var(--bad); }
code { font: 14px/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
footer { margin-top: 56px; padding-top: 16px; border-top: 1px solid var(--line); color: var(--muted); font-size: 14px; }
.uplot { font: inherit; } .u-select { background: var(--stall); }
.u-cursor-x, .u-cursor-y { border-color: var(--muted) !important; }
@media (max-width: 640px) { main { padding: 24px 16px 48px; } h1 { font-size: 24px; } td.bar { display: none; } }
@page { margin: 14mm; }
@media print {
  main { max-width: none; padding: 0; } .views { display: none; } figure, tr, .figures li { break-inside: avoid; }
  h2 { break-after: avoid; } body { font-size: 10pt; } h1 { font-size: 20pt; } h2 { margin-top: 24px; font-size: 13pt; } table { font-size: 9pt; } td, th { padding: 4px 10px 4px 0; }
  .figures { gap: 8px; margin-top: 16px; grid-template-columns: repeat(6, 1fr); } .figures li { padding: 8px 10px; } .figures b { font-size: 14pt; } .figures span { font-size: 8pt; } .bar i { top: 8px; } .figures li, .reason { border: 1px solid var(--line); }
}`;
