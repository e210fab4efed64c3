const em = { width: 8.4, height: 19, margin: 18 }

interface Run {
  readonly text: string
  readonly codes: ReadonlySet<number>
}

/** What stood on a terminal, ANSI colours and all, as an SVG picture of it; `columns` wide, as high as it is long. */
export const drawTerminal = (screen: string, columns: number): string => {
  const lines = screen.replaceAll('\r', '').trim().split('\n')
  const width = Math.ceil(columns * em.width + 2 * em.margin)
  const height = lines.length * em.height + 2 * em.margin
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>holdfast in a terminal</title>
<style>
rect { fill: #20242b; stroke: #515a68 }
text { fill: #d5dae2; font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; white-space: pre }
.c1 { font-weight: 700 } .c2 { opacity: .62 } .c31 { fill: #f2777a } .c32 { fill: #8fce7e } .c33 { fill: #e8c267 } .c36 { fill: #6cc4d0 }
</style>
<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="8"/>
${lines.map((line, row) => drawLine(runsOf(line), em.margin + (row + 0.75) * em.height)).join('')}</svg>
`
}

const drawLine = (runs: readonly Run[], y: number): string => {
  let column = 0
  return runs
    .map(({ text, codes }) => {
      const x = em.margin + column * em.width
      column += [...text].length
      const names = [...codes].map((code) => `c${code}`).join(' ')
      // blanks need no ink, and textLength keeps columns in line whatever font there is
      if (text.trim() === '') return ''
      const length = ([...text].length * em.width).toFixed(1)
      return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" textLength="${length}"${names ? ` class="${names}"` : ''}>${escaped(text)}</text>\n`
    })
    .join('')
}

/** A line cut where its look changes: SGR 1 bold, 2 dim, 30-37 colours, 22, 39 and 0 their ends. */
const runsOf = (line: string): readonly Run[] => {
  const on = new Set<number>()
  const runs: Run[] = []
  for (const [at, part] of line.split(/\x1b\[([\d;]*)m/).entries()) {
    if (at % 2 === 0) {
      if (part !== '') runs.push({ text: part, codes: new Set(on) })
      continue
    }
    for (const code of part.split(';').map(Number)) {
      const ends = (other: number): boolean => code === 0 || (code === 22 && other < 3) || (code === 39 && other > 29)
      for (const other of [...on]) if (ends(other)) on.delete(other)
      if (![0, 22, 39].includes(code)) on.add(code)
    }
  }
  return runs
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
