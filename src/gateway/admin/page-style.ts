/** The style sheet of the page for people: light and dark, from a phone to a screen on the wall, with the reader's own fonts. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #16202a; --muted: #5c6b7a; --line: #dfe5ea; --card: #f5f7f9; --track: #e3e9ee;
  --from: #c2650c; --to: #0b7a75; --other: #9aa7b3; --canary: #4a4fd0;
  --good: #0b7a4b; --warning: #a86200; --bad: #c02a2a; --soft: #e4f3f1;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #10161c; --ink: #e8eef3; --muted: #93a3b1; --line: #2a3540; --card: #18212a; --track: #2a3540;
    --from: #f2a04a; --to: #3fc6bd; --other: #5f7080; --canary: #9a9ef7;
    --good: #46cf93; --warning: #f0b254; --bad: #ff7b72; --soft: #12302f;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { font-size: 16px; }
@media (min-width: 1700px) { html { font-size: 19px; } }
@media (min-width: 2500px) { html { font-size: 28px; } }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums; -webkit-font-smoothing: antialiased;
}
main { max-width: 84rem; margin: 0 auto; padding: 1.5rem 2rem 4rem; }
ul, ol { margin: 0; padding: 0; list-style: none; }
h1 { margin: 0; font-size: 2.1rem; line-height: 1.2; font-weight: 650; letter-spacing: -.015em; overflow-wrap: anywhere; }
h2 { margin: 0; font-size: 1rem; font-weight: 650; letter-spacing: -.005em; }
p { margin: 0; } code { font: .9em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.muted { color: var(--muted); } .good { color: var(--good); } .warning { color: var(--warning); } .bad { color: var(--bad); }
.brand { display: flex; align-items: center; gap: .5rem; margin-bottom: 1.1rem; color: var(--muted); font-size: .9rem; font-weight: 600; }
.logo { width: 1.35rem; height: .85rem; background: radial-gradient(circle at .425rem 50%, var(--from) .4rem, transparent .42rem), radial-gradient(circle at .925rem 50%, var(--to) .4rem, transparent .42rem); }
#forget { margin-left: auto; }
button { font: inherit; font-size: .875rem; padding: .25rem .9rem; border: 1px solid var(--line); border-radius: 99px; background: none; color: var(--muted); cursor: pointer; }
button:hover { color: var(--ink); border-color: var(--muted); }
:focus-visible { outline: 2px solid var(--to); outline-offset: 2px; }
.head { display: flex; flex-wrap: wrap; align-items: flex-start; justify-content: space-between; gap: .75rem 2rem; }
.pill { display: inline-block; padding: .3rem 1rem; border-radius: 99px; font-weight: 600; color: var(--paper); background: var(--good); }
.pill.warning { color: var(--paper); background: var(--warning); } .pill.bad { color: var(--paper); background: var(--bad); }
#silent { margin: 0 0 1.25rem; padding: .8rem 1rem; border-left: 3px solid var(--bad); border-radius: 0 .5rem .5rem 0; background: var(--card); }
.stale #live { opacity: .55; }

#pair { display: flex; flex-wrap: wrap; align-items: stretch; gap: .75rem; margin: 1.4rem 0 0; }
.node { display: flex; flex-direction: column; flex: 1 1 13rem; min-width: 0; padding: .7rem 1rem .8rem; border: 1px solid var(--line); border-radius: .75rem; }
.node strong { font-size: 1.15rem; font-weight: 650; overflow-wrap: anywhere; } .node .muted { font-size: .875rem; }
.role { font-size: .8rem; font-weight: 600; color: var(--muted); }
.node.primary { border-color: var(--to); background: var(--soft); } .node.primary .role { color: var(--to); }
.node.down { border-color: var(--bad); border-style: dashed; } .node.down .role { color: var(--bad); }
.node.faint { border-style: dashed; } .node.door { flex: 0 1 10rem; background: var(--card); border-color: transparent; }
.flow { align-self: center; flex: 0 0 3.5rem; height: 4px; border-radius: 2px; background: var(--line); }
.flow.flowing { background: repeating-linear-gradient(90deg, var(--to) 0 .5rem, transparent .5rem .875rem) 0 0 / .875rem 100%; animation: flow .7s linear infinite; }
.flow.held { background: repeating-linear-gradient(90deg, var(--warning) 0 .25rem, transparent .25rem .5rem); }
@keyframes flow { to { background-position: .875rem 0; } }
@media (prefers-reduced-motion: reduce) { .flow.flowing { animation: none; } }

#figures { display: grid; grid-template-columns: repeat(6, 1fr); gap: .75rem; margin: .75rem 0 2rem; }
#figures li { padding: .8rem 1rem; border-radius: .75rem; background: var(--card); color: var(--muted); font-size: .875rem; line-height: 1.35; }
#figures b { display: block; color: var(--ink); font-size: 1.6rem; line-height: 1.25; font-weight: 650; letter-spacing: -.015em; white-space: nowrap; }
#figures b.warning { color: var(--warning); }
@media (max-width: 1000px) { #figures { grid-template-columns: repeat(3, 1fr); } }

.columns { display: grid; grid-template-columns: repeat(2, 1fr); gap: 2rem 2.5rem; }
section { min-width: 0; } .all { grid-column: 1 / -1; }
@media (max-width: 900px) { .columns { grid-template-columns: 1fr; } }
@media (min-width: 1500px) {
  main { max-width: 112rem; } .columns { grid-template-columns: repeat(4, 1fr); } .wide { grid-column: span 2; } .all { grid-column: span 2; }
}
figure { margin: 0 0 1.1rem; }
figcaption { display: flex; flex-wrap: wrap; align-items: baseline; gap: .1rem 1rem; min-height: 3.2em; align-content: flex-end; margin-bottom: .5rem; font-size: .875rem; }
figcaption h2 { flex: 1 0 100%; } output { margin-left: auto; color: var(--muted); }
.key { color: var(--muted); } .key::before { content: ""; display: inline-block; width: .8em; height: .2em; margin-right: .45em; border-radius: .1em; vertical-align: .25em; background: currentColor; }
.key.to::before { background: var(--to); } .key.from::before { background: var(--from); } .key.canary::before { background: var(--canary); } .key.other::before { background: var(--other); }
.plot { position: relative; height: 8.5rem; touch-action: pan-y; } .plot svg { display: block; width: 100%; height: 100%; overflow: visible; }
.plot svg * { vector-effect: non-scaling-stroke; }
line.level { stroke: var(--line); stroke-width: 1; } line.mark { stroke: var(--muted); stroke-width: 1.5; stroke-dasharray: 4 3; } line.mark.bad { stroke: var(--bad); }
line.cursor { stroke: var(--muted); stroke-width: 1; }
path { fill: none; stroke-width: 1.75; stroke-linejoin: round; stroke-linecap: round; }
path.area { stroke: none; opacity: .14; } path.area.to { fill: var(--to); }
path.line.to { stroke: var(--to); } path.line.from { stroke: var(--from); } path.line.canary { stroke: var(--canary); } path.line.other { stroke: var(--other); stroke-width: 1; }
.plot span.level { position: absolute; left: 0; bottom: var(--at); padding: 0 .35em 0 0; transform: translateY(50%); font-size: .75rem; line-height: 1.1; color: var(--muted); background: var(--paper); pointer-events: none; }
.ages { position: relative; display: grid; grid-template-columns: repeat(5, 1fr); margin-top: .5rem; font-size: .75rem; color: var(--muted); }
.ages span:nth-child(n+2) { justify-self: start; transform: translateX(-50%); } .ages span:last-child { position: absolute; right: 0; transform: none; }
.note { font-size: .8rem; }

#switches { margin-top: .35rem; max-height: 27rem; overflow-y: auto; }
#switches li { display: grid; grid-template-columns: 1fr auto; gap: .1rem 1rem; padding: .7rem 0; border-bottom: 1px solid var(--line); }
#switches li:last-child { border-bottom: 0; } #switches .way { overflow-wrap: anywhere; } .way .muted { white-space: nowrap; }
.when { display: flex; flex-wrap: wrap; justify-content: flex-end; align-items: baseline; gap: .3rem .6rem; font-size: .875rem; color: var(--muted); }
.felt { grid-column: 1 / -1; display: flex; align-items: center; gap: .75rem; } .felt .bar { flex: 0 0 28%; } .felt span:last-child { font-size: .9rem; }
.facts { grid-column: 1 / -1; display: flex; flex-wrap: wrap; gap: 0 .8rem; font-size: .875rem; } .facts .bad { font-weight: 600; }
.none { padding: .5rem 0; }
.tag { padding: .05rem .6rem; border: 1px solid var(--line); border-radius: 99px; font-size: .8rem; white-space: nowrap; } .tag.good, .tag.warning, .tag.bad { border-color: currentColor; }

.bar { display: block; height: .55rem; border-radius: .275rem; background: var(--track); overflow: hidden; }
.bar i { display: block; width: var(--share); min-width: 2px; height: 100%; border-radius: inherit; background: var(--to); }
.bar i.warning { background: var(--warning); } .bar i.bad { background: var(--bad); } .bar i.good { background: var(--to); }
.shares { margin-top: .5rem; }
.shares li { display: grid; grid-template-columns: minmax(6rem, 34%) 1fr minmax(3rem, auto); align-items: center; gap: .9rem; padding: .22rem 0; }
.shares li.none { display: block; } .shares .name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; } .shares b { text-align: right; font-weight: 600; }
#listeners { display: grid; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); gap: .75rem; margin-top: .6rem; }
.listener { display: flex; flex-direction: column; gap: .25rem; padding: .9rem 1.1rem 1rem; border: 1px solid var(--line); border-radius: .75rem; font-size: .925rem; }
.top { display: flex; align-items: center; gap: .6rem; } .top strong { font-size: 1.1rem; font-weight: 650; overflow-wrap: anywhere; }
.use { display: grid; grid-template-columns: 1fr auto; gap: .15rem .75rem; margin: .3rem 0; } .use b { font-weight: 600; } .use .bar { grid-column: 1 / -1; }
.tags { display: flex; flex-wrap: wrap; gap: .35rem; margin-top: .3rem; }

#door { max-width: 30rem; margin: 12vh auto 0; } #door h1 { margin-bottom: .6rem; } #door label { display: block; margin: 1.6rem 0 .35rem; font-weight: 600; }
.row { display: flex; gap: .6rem; } #door-why { min-height: 1.5em; margin-top: .6rem; }
input { flex: 1; min-width: 0; font: inherit; padding: .5rem .8rem; border: 1px solid var(--muted); border-radius: .5rem; background: var(--paper); color: var(--ink); }
#door button { padding: .5rem 1.3rem; border: 0; border-radius: .5rem; background: var(--ink); color: var(--paper); font-size: 1rem; font-weight: 600; }

@media (max-width: 640px) {
  main { padding: 1rem 1rem 3rem; } h1 { font-size: 1.55rem; }
  #figures { grid-template-columns: repeat(2, 1fr); gap: .5rem; } #figures b { font-size: 1.35rem; }
  .node, .node.door { flex: 1 1 100%; } .flow { display: none; }
  #switches li { grid-template-columns: 1fr; } .when { justify-content: flex-start; }
  .ages span:nth-child(2) { visibility: hidden; }
  .felt { flex-wrap: wrap; gap: .2rem .75rem; } .felt .bar { flex: 0 0 100%; }
  #listeners { grid-template-columns: 1fr; } output { flex: 1 0 100%; margin: 0; }
}
`;
