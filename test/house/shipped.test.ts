import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root, sources } from './sources.js'

interface Package {
  readonly license: string
  readonly engines: Readonly<Record<string, string>>
  readonly bin: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const run = (command: string, words: readonly string[]): string =>
  execFileSync(command, words, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
const json = JSON.parse(read('package.json')) as Package
const tracked = run('git', ['ls-files']).trim().split('\n')
const texts = tracked.filter((path) => !/^(package-lock\.json|.*\.svg)$/.test(path))

describe('the package', () => {
  it('ships the program, the playbooks and the schemas, and no test', () => {
    const [packed] = JSON.parse(run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'])) as [{ files: { path: string }[] }]
    const files = packed.files.map(({ path }) => path)
    const shipped = tracked.filter((path) => /^(playbooks|schemas)\/.*\.(yaml|json)$/.test(path))
    const needed = [
      'LICENSE',
      'README.md',
      'README.ja.md',
      'inventory.example.yaml',
      'dist/cli.cjs',
      'dist/cli.js',
      'dist/holdfast.cjs',
      'dist/LICENSES.txt',
      ...shipped,
    ]
    expect(needed.filter((path) => !files.includes(path))).toEqual([])
    expect(
      files.filter(
        (path) => !/^(dist|playbooks|schemas|docs)\/|^(LICENSE|README(\.ja)?\.md|package\.json|inventory\.example\.yaml)$/.test(path),
      ),
    ).toEqual([])
  })

  it('may be used by anyone, from Node 20.19 on', () => {
    expect(json).toMatchObject({ license: 'MIT', engines: { node: '>=20.19' }, bin: { holdfast: 'dist/cli.cjs' } })
    expect(read('LICENSE')).toMatch(/^MIT License/)
    expect(read('src/cli.ts')).toMatch(/^#!\/usr\/bin\/env node\n/)
  })

  it('depends on exact versions', () => {
    const all = { ...json.dependencies, ...json.devDependencies }
    expect(Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([])
  })

  it('is locked, by digests and not by the host of a registry', () => {
    const lock = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { integrity?: string; resolved?: string; link?: boolean }>
    }
    const bad = Object.entries(lock.packages).filter(
      ([path, { integrity, resolved }]) => path !== '' && (!integrity || resolved !== undefined),
    )
    expect(bad.map(([path]) => path)).toEqual([])
  })

  it('is locked for every platform, as npm ci asks', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>
    }
    const names = Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, ''))
    const wanted = Object.values(packages).flatMap(({ optionalDependencies }) => Object.keys(optionalDependencies ?? {}))
    expect(wanted.filter((name) => !names.includes(name))).toEqual([])
  })
})

describe('the sources', () => {
  it('are short files, each with one idea', () => {
    const long = sources().map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    expect(long.filter(({ lines }) => lines > 280)).toEqual([])
  })

  it('hold no any, no enum, no class but errors', () => {
    const found = sources().flatMap(({ path, text }) =>
      text
        .split('\n')
        .flatMap((line, at) =>
          /\bas any\b|: any\b|<any>|\benum \w|^(export )?(abstract )?class (?!\w+ extends (\w*Error|Mistake)\b)/.test(line)
            ? [`${path}:${at + 1}: ${line.trim()}`]
            : [],
        ),
    )
    expect(found).toEqual([])
  })

  it('say in a sentence what each export is for', () => {
    const bare = sources().flatMap(({ path, text }) => {
      const lines = text.split('\n')
      return lines.flatMap((line, at) =>
        /^export (async )?(function|const|class) /.test(line) && !/\*\/\s*$/.test(lines[at - 1] ?? '')
          ? [`${path}:${at + 1}: ${line}`]
          : [],
      )
    })
    expect(bare).toEqual([])
  })

  it('stop the process in one file', () => {
    expect(
      sources()
        .filter(({ text }) => text.includes('process.exit('))
        .map(({ path }) => path),
    ).toEqual(['cli.ts'])
  })
})

describe('every file', () => {
  it('speaks of the project only', () => {
    const words = [/\/work\//, /\bshared\/(facts|design|contract|style)/, /\bregistry\.npmjs\.org\b/, /\bTODO\b|\bFIXME\b|\bXXX\b/]
    const own = 'test/house/shipped.test.ts'
    const found = texts
      .filter((path) => path !== own)
      .flatMap((path) => words.filter((word) => word.test(read(path))).map((word) => `${path} says ${word}`))
    expect(found).toEqual([])
  })

  it('ends its lines as Unix does, without blanks, and its text with a newline', () => {
    const code = tracked.filter((path) => /\.(ts|mjs|json|yaml|md|sh)$/.test(path) && !path.startsWith('test/fixtures/'))
    expect(code.filter((path) => read(path) !== '' && !/[^\s]\n$/.test(read(path)))).toEqual([])
    expect(code.filter((path) => read(path).includes('\r'))).toEqual([])
  })
})
