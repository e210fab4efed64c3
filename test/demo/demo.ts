/** The main job, played on three lab hosts: converge, lose it to an upgrade, see the loss, repair it. `--picture FILE.svg` draws it instead. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Lab, startLab } from '../lab/lab.js'
import { drawTerminal } from './picture.js'
import { openStage, ownTerminal, recordingTerminal, type Stage } from './stage.js'

const folderOf = (lab: Lab): string => {
  const folder = join(lab.dir, 'demo')
  cpSync(join(import.meta.dirname, 'files'), folder, { recursive: true })
  mkdirSync(join(folder, '.ssh'), { mode: 0o700 })
  for (const file of ['id_ed25519', 'known_hosts']) cpSync(join(lab.dir, file), join(folder, '.ssh', file))
  return folder
}

const converge = async ({ say, show, holdfast }: Stage): Promise<void> => {
  say('Three hosts are up, each with an sshd of its own: a proxy, an IWSVA 6.5 SP2 look-alike, a web server.')
  for (const file of ['inventory.yaml', 'playbooks/appliance.yaml', 'playbooks/web.yaml']) show(file)
  say('What would change, in the running kernel and after the next reboot?')
  await holdfast('plan', 2, 'there is something to change')
  say('Do it. A host that could not be reached anew afterwards would undo it by itself.')
  await holdfast('apply', 0, 'converged')
  say('Again: there is nothing left to do.')
  await holdfast('apply', 0, 'in sync')
}

const survive = async (lab: Lab, { say, holdfast }: Stage): Promise<void> => {
  say('The appliance is upgraded to SP3, which brings its own firewall script and settings. Is all still there?')
  await lab.host('iwsva1').upgrade('sp3')
  await holdfast('plan', 2, 'the upgrade took a rule and a setting away, in both layers')
  say('Put it back.')
  await holdfast('apply', 0, 'converged')
  await holdfast('plan', 0, 'in sync')
}

const restart = async (lab: Lab, { say, holdfast }: Stage): Promise<void> => {
  say("The appliance is restarted: its own boot scripts bring back what was 'after reboot' above.")
  await lab.host('iwsva1').reboot()
  await holdfast('plan --limit appliance', 0, 'in sync')
}

const draw = async (lab: Lab, folder: string, file: string): Promise<void> => {
  const terminal = recordingTerminal()
  const stage = openStage(terminal, lab.pid, folder)
  await converge(stage)
  terminal.take()
  await survive(lab, stage)
  writeFileSync(file, drawTerminal(terminal.take(), 106))
}

const main = async ([option, picture]: readonly string[]): Promise<void> => {
  if (option !== undefined && (option !== '--picture' || picture === undefined))
    throw new Error('usage: npm run demo [-- --picture FILE.svg]')
  const began = Date.now()
  const alive = setInterval(() => {}, 60_000) // a lab keeps no process alive
  const lab = await startLab([
    { name: 'proxy1', kind: 'proxy' },
    { name: 'iwsva1', kind: 'appliance' },
    { name: 'web1', kind: 'web' },
  ])
  try {
    const folder = folderOf(lab)
    if (picture !== undefined) return await draw(lab, folder, picture)
    const stage = openStage(ownTerminal, lab.pid, folder)
    await converge(stage)
    await survive(lab, stage)
    await restart(lab, stage)
  } finally {
    await lab.stop()
    clearInterval(alive)
  }
  console.log(`The hosts are gone, nothing of them is left on this machine. That took ${Math.round((Date.now() - began) / 1000)} seconds.`)
}

// A Ctrl-C is for the command that runs: its hosts end well, its exit code then ends the demo and the lab.
process.on('SIGINT', () => {})
main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(`holdfast demo: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
})
