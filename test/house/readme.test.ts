import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { report } from '../../src/generated/validators.js'
import { holdfastWords } from '../program.js'
import { blocksOf, page, pages, programsOf, readme } from './readme.js'
import { root } from './sources.js'
import { understood } from './understood.js'

const text = readme()
const blocks = blocksOf(text)
const [node, ...words] = holdfastWords
const cli = (argv: readonly string[], cwd = root): string => execFileSync(node!, [...words, ...argv], { cwd, encoding: 'utf8' })

/** Commands by name, with their options as --help lists them. */
const help = new Map([...cli(['--help']).matchAll(/^ {2}(?!help )([a-z][a-z-]*) {2,}/gm)].map(([, name]) => [name!, optionsOf([name!])]))
const options = new Set([...help.values(), optionsOf(['report', 'merge']), ['--version']].flatMap((own) => [...own]))
const scripts = Object.keys((JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object }).scripts)
/** Options of other programs that a page names at the beginning of a word. */
const foreign = ['--dependency', '-s']

function optionsOf(command: readonly string[]): ReadonlySet<string | undefined> {
  return new Set([...cli([...command, '--help']).matchAll(/^ {2}(?:(-\w), )?(--[\w-]+)/gm)].flatMap(([, short, long]) => [short, long]))
}

/** GitHub's name of a heading. */
const anchorsOf = (markdown: string): readonly string[] =>
  [...markdown.replaceAll(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )

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

  it('names every command, each once, and none that there is not', () => {
    const named = [...text.matchAll(/^\| `holdfast ([a-z][a-z-]*)/gm)].map(([, name]) => name!)
    expect(named.toSorted()).toEqual([...help.keys()].toSorted())
  })
})

describe('the pages', () => {
  afterEach(() => {
    vi.unstubAllEnvs()
  })

  it('are there, and the README leads to each', () => {
    expect(pages.length).toBeGreaterThan(5)
    expect(pages.filter((path) => path !== 'README.md' && !text.includes(`](${path}`))).toEqual([])
  })

  it.each(pages.flatMap((path) => programsOf(page(path)).map((words) => [path, words.join(' '), words] as const)))(
    '%s knows what it says: %s',
    async (_, __, [program, ...words]) => {
      vi.stubEnv('HOLDFAST_SHARD_INDEX', '0').stubEnv('HOLDFAST_SHARDS', '8')
      if (program === 'npm') expect(['test', ...scripts]).toContain(words[0] === 'run' ? words[1] : words[0])
      else if (program === 'holdfast') expect(await understood(words)).toMatchObject({ command: expect.any(String) })
      else expect(['ln', 'ansible-doc', 'ansible-playbook']).toContain(program)
    },
  )

  it.each(pages)('%s names options and npm scripts that there are', (path) => {
    const named = [...page(path).matchAll(/`holdfast [^`]*`|`--?[a-z][^`]*`/g)].flatMap(([word]) =>
      [...word.matchAll(/(?<=[\s`])--?[a-z][\w-]*/g)].map(([option]) => option),
    )
    expect(named.filter((option) => !options.has(option) && !foreign.includes(option))).toEqual([])
    const run = [...page(path).matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name!)
    expect(run.filter((name) => !scripts.includes(name))).toEqual([])
  })

  it('have JSON as the schema has it', () => {
    const documents = pages.flatMap((path) => blocksOf(page(path)).filter(({ title }) => title === 'report'))
    expect(documents.map(({ language }) => language)).toContain('json')
    for (const { text } of documents) expect(report(JSON.parse(text)), JSON.stringify(report.errors)).toBe(true)
  })

  it.each(pages)('%s links to files and headings that there are', (path) => {
    const links = [...page(path).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)]
    const broken = links.filter(([, file, anchor]) => {
      const target = file ? join(dirname(path), file) : path
      return !existsSync(join(root, target)) || (anchor !== undefined && !anchorsOf(page(target)).includes(anchor))
    })
    expect(broken.map(([link]) => link)).toEqual([])
  })
})
