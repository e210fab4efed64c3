import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'

/** The project's folder. */
export const root = join(import.meta.dirname, '../..')

/** A file of src/, by its path from there: `host/ssh.ts`. */
export interface Source {
  readonly path: string
  readonly text: string
  readonly imports: readonly Import[]
}

export interface Import {
  /** A path from src/ (`host/session.ts`), or a module's name (`node:fs`, `yaml`). */
  readonly target: string
  readonly typeOnly: boolean
}

const statement =
  /^(?:import|export)\s(?<type>type\s)?[^'";]*?\bfrom\s+'(?<from>[^']+)'|\bimport\('(?<lazy>[^']+)'\)|^import\s+'(?<bare>[^']+)'/gm

/** Every file of src/ that a person wrote, with what it imports. */
export const sources = (): readonly Source[] =>
  readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.startsWith('generated'))
    .map((path) => {
      const text = readFileSync(join(root, 'src', path), 'utf8')
      const imports = [...text.matchAll(statement)].map(({ groups }) => {
        const { type, from, lazy, bare } = groups!
        const name = (from ?? lazy ?? bare)!
        const target = name.startsWith('.') ? posix.join(dirname(path), name).replace(/\.js$/, '.ts') : name
        return { target, typeOnly: type !== undefined }
      })
      return { path, text, imports }
    })

/** `resources/sysctl/boot.ts` stands in `resources`, `plan.ts` in `plan`. */
export const placeOf = (path: string): string => path.split('/')[0]!.replace(/\.ts$/, '')
