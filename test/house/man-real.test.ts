import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { examples } from '../../src/cli/examples.js'
import { manual } from './man.js'
import { root } from './sources.js'

const page = join(root, 'docs/holdfast.1')
const json = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string; man: readonly string[] }

it('the manual page is the one that the grammar makes (npm run man writes it)', () => {
  // npm 11 links a list only
  expect(json.man).toEqual(['docs/holdfast.1'])
  expect(readFileSync(page, 'utf8')).toBe(manual(json.version))
})

it('mandoc finds nothing wrong with it', () => {
  const { stdout, status } = spawnSync('mandoc', ['-Tlint', '-Wwarning', page], { encoding: 'utf8' })
  expect(stdout).toBe('')
  expect(status).toBe(0)
})

it.each([60, 80])('man shows it on %i columns without a warning, with every command', (width) => {
  const { stdout, stderr, status } = spawnSync('man', ['--warnings=w', '-E', 'UTF-8', '-P', 'cat', '-l', page], {
    encoding: 'utf8',
    env: { ...process.env, MANWIDTH: String(width), LC_ALL: 'C.UTF-8', MAN_KEEP_FORMATTING: '' },
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  for (const name of Object.keys(examples).filter((name) => name !== 'holdfast'))
    expect(stdout).toMatch(new RegExp(`^ +holdfast ${name}\\b`, 'm'))
  for (const title of ['EXIT STATUS', 'FILES', 'ENVIRONMENT', 'EXAMPLES']) expect(stdout).toContain(`\n${title}\n`)
})
