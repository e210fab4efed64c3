import { lstatSync, readFileSync, readlinkSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { putWhole } from '../../src/cli/put.js'
import { makeFolder } from './process.js'

let place: ReturnType<typeof makeFolder>
beforeEach(() => {
  place = makeFolder({ 'real/report.html': 'old' })
})
afterEach(() => place.remove())
const at = (path: string): string => join(place.folder, path)

it('writes a new file, into a folder that is made, for others to read', () => {
  putWhole('report', at('new/report.html'), 'text')
  expect([readFileSync(at('new/report.html'), 'utf8'), statSync(at('new/report.html')).mode & 0o777]).toEqual(['text', 0o644])
})

it('writes where a link leads, and leaves the link', () => {
  symlinkSync('real/report.html', at('report.html'))
  putWhole('report', at('report.html'), 'text')
  expect([readlinkSync(at('report.html')), readFileSync(at('real/report.html'), 'utf8')]).toEqual(['real/report.html', 'text'])
})

it('writes to a device, and leaves it one', () => {
  symlinkSync('/dev/null', at('sink'))
  putWhole('report', at('sink'), 'text')
  expect([lstatSync(at('sink')).isSymbolicLink(), statSync(at('sink')).isCharacterDevice()]).toEqual([true, true])
})

it('names what could not be written, and where', () => {
  expect(() => putWhole('report', at('real'), 'text')).toThrow(`the report cannot be written to ${at('real')}: EISDIR`)
  expect(() => putWhole('playbook', at('real/report.html/x'), 'text')).toThrow(/^the playbook cannot be written to .*report\.html\/x: E/)
})
