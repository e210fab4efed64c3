/** The page's style sheet: light and dark, narrow and wide, and on paper. Colours hold 4.5:1 against their ground (WCAG 2.2, 1.4.3). */
export const style = `
:root { color-scheme: light dark; --ground: #fff; --text: #1b1f24; --soft: #57606a; --line: #d0d7de; --card: #f6f8fa; --link: #0550ae;
  --good: #116329; --good-ground: #dafbe1; --wait: #6f4400; --wait-ground: #fff1c2; --bad: #a40e26; --bad-ground: #ffe3e0; --idle: #424a53; --idle-ground: #eaeef2 }
@media (prefers-color-scheme: dark) { :root { --ground: #0d1117; --text: #e6edf3; --soft: #9aa4af; --line: #30363d; --card: #161b22; --link: #79c0ff;
  --good: #7ee787; --good-ground: #0f2d18; --wait: #f2cc60; --wait-ground: #33270a; --bad: #ffa198; --bad-ground: #3d1214; --idle: #c9d1d9; --idle-ground: #21262d } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 80rem; padding: 1rem; background: var(--ground); color: var(--text); font: 15px/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem } h3 { font-size: 1rem; margin: 1rem 0 .25rem }
a { color: var(--link) } p { margin: .4rem 0 } .soft { color: var(--soft) }
.tiles { display: flex; flex-wrap: wrap; gap: .5rem; padding: 0; margin: 1rem 0; list-style: none }
.tiles li { padding: .4rem .8rem; border-radius: .4rem; font-weight: 600 }
.filters { display: flex; flex-wrap: wrap; gap: .75rem; align-items: end; margin: .5rem 0 }
.filters label { display: flex; flex-direction: column; font-size: .85rem; color: var(--soft) }
input, select { font: inherit; padding: .3rem .4rem; color: var(--text); background: var(--ground); border: 1px solid var(--soft); border-radius: .3rem; max-width: 100% }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .4rem }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: break-word; min-width: 5rem }
tbody th { min-width: 8rem; max-width: 24rem; overflow-wrap: anywhere } td div { overflow-wrap: anywhere; min-width: 12rem }
thead th { background: var(--card); font-size: .85rem } tr:last-child > * { border-bottom: 0 }
.badge { display: inline-block; padding: 0 .5rem; border-radius: .8rem; font-size: .85rem; white-space: nowrap }
.good { color: var(--good); background: var(--good-ground) } .wait { color: var(--wait); background: var(--wait-ground) }
.bad { color: var(--bad); background: var(--bad-ground) } .idle { color: var(--idle); background: var(--idle-ground) }
details { border: 1px solid var(--line); border-radius: .4rem; margin: .4rem 0; padding: 0 .8rem } details[open] { padding-bottom: .6rem }
summary { cursor: pointer; padding: .5rem 0 } pre { margin: .2rem 0; padding: .5rem; background: var(--card); border-radius: .3rem; white-space: pre-wrap; font: 13px/1.45 ui-monospace, monospace }
del, ins { display: block; text-decoration: none; padding: 0 .3rem } del { color: var(--bad); background: var(--bad-ground) } ins { color: var(--good); background: var(--good-ground) }
del::before { content: "- " } ins::before { content: "+ " }
svg { width: 100%; height: auto; max-height: 20rem; border: 1px solid var(--line); border-radius: .4rem } svg text { fill: var(--text); font: 12px system-ui, sans-serif }
svg .axis { stroke: var(--soft) } svg .grid { stroke: var(--line) }
.series-0 { stroke: #0969da; --mark: #0969da } .series-1 { stroke: #bf3989; --mark: #bf3989 } .series-2 { stroke: #1a7f37; --mark: #1a7f37 }
.series-3 { stroke: #bc4c00; --mark: #bc4c00 } .series-4 { stroke: #8250df; --mark: #8250df } .series-5 { stroke: #6e7781; --mark: #6e7781 }
[hidden] { display: none !important }
@media (max-width: 40rem) { body { padding: .6rem; font-size: 14px } th, td { padding: .3rem .4rem } .filters label { width: 100% } }
@media print { :root { color-scheme: light } .filters { display: none } body { max-width: none; padding: 0; font-size: 11px } .scroll { overflow: visible }
  details { break-inside: avoid } tr { break-inside: avoid } .badge, del, ins, .tiles li { border: 1px solid currentcolor } }
`
