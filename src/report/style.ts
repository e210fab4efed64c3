import pc from 'picocolors'
import { printable } from '../text.js'

/** How text for people is set: where it goes decides the width, the alphabet and the colours. */
export interface Style {
  /** Columns, 60 to 200. */
  readonly width: number
  /** False: nothing outside ASCII is printed. */
  readonly unicode: boolean
  readonly colour: boolean
}

export interface Surroundings {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly env: Readonly<Record<string, string | undefined>>
}

/** The style of a stream: colours on a terminal without NO_COLOR (no-color.org) and TERM=dumb; a pipe is 120 columns wide. */
export function styleOf({ isTTY, columns, env }: Surroundings): Style {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || ''
  return {
    width: Math.min(200, Math.max(60, (isTTY && columns) || 120)),
    unicode: /utf-?8/i.test(locale),
    colour: isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb',
  }
}

/** Text of a host or a file, made harmless; where the locale is not UTF-8, every other character is escaped too. */
export function show(text: string, style: Pick<Style, 'unicode'>): string {
  const harmless = printable(text)
  return style.unicode ? harmless : harmless.replace(/[^ -~]/gu, (mark) => `\\u{${mark.codePointAt(0)!.toString(16)}}`)
}

/** From old to new, in the alphabet of the stream. */
export const arrow = ({ unicode }: Pick<Style, 'unicode'>): string => (unicode ? '→' : '->')

export type Paint = 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold'

/** Text in a colour, where the style has any. */
export const paint = (text: string, colour: Paint, style: Pick<Style, 'colour'>): string => pc.createColors(style.colour)[colour](text)
