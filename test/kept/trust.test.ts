import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readTrusted } from '../../src/kept/trust.js'

let base = ''
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'holdfast-trust-'))
})
afterAll(() => rmSync(base, { recursive: true }))

const made = (name: string, mode: number, folder = 0o755): string => {
  mkdirSync(join(base, name))
  const file = join(base, name, 'plan.json')
  writeFileSync(file, 'x')
  chmodSync(file, mode)
  chmodSync(join(base, name), folder)
  return file
}

it.each([
  ['only its owner', 0o600, 0o700],
  ['others who may read', 0o644, 0o755],
  ['a sticky folder for all', 0o600, 0o1777],
])('what %s can write is read', (name, mode, folder) => {
  expect(readTrusted(made(name, mode, folder))).toEqual(Buffer.from('x'))
})

it.each([
  ['the group', 0o660, 0o755, 'others can write it (mode 0660)'],
  ['everybody', 0o606, 0o755, 'others can write it (mode 0606)'],
  ['who may write the folder', 0o600, 0o775, 'others can write its folder (mode 0775)'],
  ['who may write an open folder', 0o600, 0o777, 'others can write its folder (mode 0777)'],
])('what %s can write is refused', (name, mode, folder, why) => {
  expect(readTrusted(made(name, mode, folder))).toBe(why)
})

it.runIf(process.getuid?.() === 0)('what belongs to another user is refused, and so is what lies in their folder', () => {
  const file = made('strange', 0o600)
  chownSync(file, 12345, 0)
  expect(readTrusted(file)).toBe('it belongs to user 12345, who could change it')
  const inside = made('strange folder', 0o600)
  chownSync(join(base, 'strange folder'), 12345, 0)
  expect(readTrusted(inside)).toBe('its folder belongs to user 12345, who could change it')
})

it('a link counts as what it leads to, in its own folder', () => {
  const open = made('open', 0o600, 0o777)
  mkdirSync(join(base, 'links'), { mode: 0o700 })
  symlinkSync(open, join(base, 'links', 'plan.json'))
  expect(readTrusted(join(base, 'links', 'plan.json'))).toMatch(/its folder/)
})

it('a folder, and nothing at all, are refused', () => {
  expect(readTrusted(base)).toBe('it is no file')
  expect(readTrusted(join(base, 'absent'))).toMatch(/ENOENT/)
})
