import { type Style, styleOf } from '../report/style.js'

/** One stream, and how text is set on it. */
export interface Output {
  write(text: string | Buffer): void
  readonly style: Style
  readonly terminal: boolean
  readonly stream: NodeJS.WriteStream
}

/** Where a command writes. */
export interface Console {
  readonly out: Output
  readonly err: Output
}

/** The process's own streams. */
export const openConsole = (): Console => ({ out: open(process.stdout), err: open(process.stderr) })

function open(stream: NodeJS.WriteStream): Output {
  // a reader that has gone, a terminal that was closed: `holdfast plan | head` ends in silence
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
  })
  const { isTTY, columns } = stream
  return {
    write: (text) => void stream.write(text),
    style: styleOf({ isTTY, columns, env: process.env }),
    terminal: isTTY === true,
    stream,
  }
}
