import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { report } from '../../src/generated/validators.js'
import { blocksOf, commandsOf, readme } from './readme.js'
import { root } from './sources.js'

const text = readme()
const blocks = blocksOf(text)
const cli = (argv: readonly string[], cwd = root): string =>
  execFileSync(process.execPath, ['--import', import.meta.resolve('tsx'), join(root, 'src/cli.ts'), ...argv], { cwd, encoding: 'utf8' })

/** Commands by name, with their options as --help lists them. */
const help = new Map(
  [...cli(['--help']).matchAll(/^ {2}(?!help )([a-z][a-z-]*) {2,}/gm)].map(([, name]) => [
    name!,
    new Set([...cli([name!, '--help']).matchAll(/^ {2}(?:(-\w), )?(--[\w-]+)/gm)].flatMap(([, short, long]) => [short, long])),
  ]),
)
const scripts = Object.keys((JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object }).scripts)

describe('the README', () => {
  it('has files that are all right, together', () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-readme-'))
    try {
      const files = blocks.filter(({ language }) => language === 'yaml')
      expect(files.length).toBeGreaterThan(2)
      for (const { title, text } of files) {
        expect(title).not.toBe('')
        mkdirSync(dirname(join(folder, title)), { recursive: true })
        writeFileSync(join(folder, title), text)
      }
      expect(cli(['validate'], folder)).toMatch(/^no problems/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('has JSON as the schema has it', () => {
    const documents = blocks.filter(({ language }) => language === 'json').map(({ text }) => JSON.parse(text) as unknown)
    expect(documents.length).toBeGreaterThan(0)
    for (const document of documents) expect(report(document), JSON.stringify(report.errors)).toBe(true)
  })

  it.each(blocks.filter(({ language }) => language === 'console').flatMap(commandsOf))('knows what it says: %s', (command) => {
    const [program, name = '', ...words] = command.split(' ')
    if (program === 'npm') return expect(['test', ...scripts]).toContain(name === 'run' ? words[0] : name)
    expect(program).toBe('holdfast')
    expect([...help.keys()]).toContain(name)
    expect(words.filter((word) => word.startsWith('-') && !help.get(name)!.has(word))).toEqual([])
  })

  it('names options that there are', () => {
    const all = new Set([...help.values()].flatMap((options) => [...options]))
    const named = [...text.matchAll(/`holdfast [^`]*`|`--?[a-z][^`]*`/g)].flatMap(([word]) =>
      [...word.matchAll(/(?<=[\s`])--?[a-z][\w-]*/g)].map(([option]) => option),
    )
    expect(named.length).toBeGreaterThan(10)
    expect(named.filter((option) => !all.has(option))).toEqual([])
  })

  it('names every command, and none that there is not', () => {
    const named = [...text.matchAll(/^\| `holdfast ([a-z][a-z-]*)/gm)].map(([, name]) => name)
    expect(named).toEqual([...help.keys()])
  })

  it('names npm scripts that there are', () => {
    const named = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name)
    expect(named.filter((name) => !scripts.includes(name!))).toEqual([])
  })

  it.each(['README.md', 'docs/design.md'])('%s links to files that there are', (file) => {
    const links = [...readFileSync(join(root, file), 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path]) => path!)
    expect(links.length).toBeGreaterThan(0)
    expect(links.filter((path) => !existsSync(join(root, dirname(file), path)))).toEqual([])
  })
})
