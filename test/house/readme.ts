import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './sources.js'

/** A fenced block of the README: ```` ```yaml inventory.yaml ```` has the language `yaml` and the title `inventory.yaml`. */
export interface Block {
  readonly language: string
  readonly title: string
  readonly text: string
}

export const readmePath = join(root, 'README.md')

/** The pages that people read: the README, in its languages, and what it links to. */
export const pages: readonly string[] = [
  ...readdirSync(root).filter((name) => /^README(\.\w+)?\.md$/.test(name)),
  ...readdirSync(join(root, 'docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
].toSorted()

/** A page's text. */
export const page = (path: string): string => readFileSync(join(root, path), 'utf8')

/** The README's text. */
export const readme = (): string => page('README.md')

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

/** The programs that the console and sh blocks of a text run, each as its words; both sides of a pipe. */
export const programsOf = (text: string): readonly (readonly string[])[] =>
  blocksOf(text)
    .flatMap((block) => (block.language === 'console' ? commandsOf(block) : block.language === 'sh' ? block.text.trim().split('\n') : []))
    .flatMap((command) => command.split(' | '))
    .map((program) => [...program.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word))
