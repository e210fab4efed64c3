import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './sources.js'

/** A fenced block of the README: ```` ```yaml inventory.yaml ```` has the language `yaml` and the title `inventory.yaml`. */
export interface Block {
  readonly language: string
  readonly title: string
  readonly text: string
}

export const readmePath = join(root, 'README.md')

/** The README's text. */
export const readme = (): string => readFileSync(readmePath, 'utf8')

/** The fenced blocks of a text, in order. */
export const blocksOf = (text: string): readonly Block[] =>
  [...text.matchAll(/^```(\w+) ?(.*)\n((?:.*\n)*?)^```$/gm)].map(([, language, title, body]) => ({
    language: language!,
    title: title!,
    text: body!,
  }))

/** The commands of a console block, without their `$ `. */
export const commandsOf = ({ text }: Block): readonly string[] =>
  text.split('\n').flatMap((line) => (line.startsWith('$ ') ? [line.slice(2)] : []))
