import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { root } from '../house/sources.js'
import { capture } from '../lab/capture.js'

/** The demo of the built program, drawn: each of its commands must end with the exit code that its story says. */
it('the demo goes as its story says, and can be drawn', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-picture-'))
  try {
    const argv = [join(root, 'node_modules/.bin/tsx'), join(root, 'test/demo/demo.ts'), '--picture', join(folder, 'demo.svg')]
    const { code, stderr } = await capture(argv, { timeout: 100_000 })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const picture = readFileSync(join(folder, 'demo.svg'), 'utf8')
    expect(picture).toMatch(/^<svg [\s\S]*downstream-proxy[\s\S]*7200 → 300[\s\S]*in-sync[\s\S]*<\/svg>\n$/)
    expect(picture).not.toContain('\x1b')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
