import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Block, blocksOf, commandsOf, readme, readmePath } from '../house/readme.js'
import { type Lab, startLab } from '../lab/lab.js'
import { holdfastWords } from '../program.js'

// `README=update npx vitest run ... readme` writes what the commands print into the README.
const update = process.env.README === 'update'
const address = '192.0.2.21'

/** The five minutes of the README, lived through: its files, its commands one after the other, and what they print, word for word. */
describe('the first five minutes', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await startLab([{ name: 'web1', kind: 'web' }])
  })
  afterAll(() => lab?.stop())

  it('go as the README says', async () => {
    const blocks = blocksOf(readme())
    const run = blocks.find(({ title }) => title === 'run')!
    const folder = homeOf(lab, blocks.slice(0, blocks.indexOf(run)))
    const printed = await terminal(lab, folder, commandsOf(run))
    if (update)
      writeFileSync(
        readmePath,
        readme().replace(run.text, () => printed),
      )
    else expect(printed).toBe(run.text)
  })
})

/** A folder with the README's files, and with what ssh has at home. */
const homeOf = (lab: Lab, files: readonly Block[]): string => {
  const folder = join(lab.dir, 'readme')
  mkdirSync(join(folder, '.ssh'), { recursive: true, mode: 0o700 })
  for (const file of ['id_ed25519', 'known_hosts']) cpSync(join(lab.dir, file), join(folder, '.ssh', file))
  for (const { title, text } of files.filter(({ language }) => language === 'yaml')) {
    mkdirSync(dirname(join(folder, title)), { recursive: true })
    writeFileSync(join(folder, title), text.replaceAll(address, lab.host('web1').address))
  }
  return folder
}

/** What stands on the terminal after these commands; progress goes elsewhere. */
const terminal = async (lab: Lab, folder: string, commands: readonly string[]): Promise<string> => {
  const env = { ...process.env, HOME: folder, LC_ALL: 'C.UTF-8', SSH_AUTH_SOCK: '' }
  const screens: string[] = []
  for (const command of commands) {
    const [, ...words] = command.split(' ')
    const { stdout } = await lab.run([...holdfastWords, ...words], { cwd: folder, env, timeout: 60_000 })
    screens.push(`$ ${command}\n${stdout.replaceAll(lab.host('web1').address, address)}`)
  }
  return screens.join('\n')
}
