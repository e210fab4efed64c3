import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { holdfastWords } from '../program.js'
import { makeFolder, runSource } from './process.js'

/** What is typed before TAB, and the words that the program is then given. */
const rows: readonly (readonly [string, string])[] = [
  ['holdfast vali', 'validate'],
  ['holdfast help pla', 'help plan'],
  ['holdfast completion z', 'completion zsh'],
  ['holdfast report mer', 'report merge'],
  ['holdfast plan --predict-u', 'plan --predict-upgrade'],
  ['holdfast report --format ju', 'report --format junit'],
  ['holdfast report --format=mark', 'report --format=markdown'],
  ['holdfast plan -i oth', 'plan -i other.yaml'],
  ['holdfast apply playbooks/si', 'apply playbooks/site.yaml'],
  ['holdfast plan --limit tok', 'plan --limit tokyo1'],
  ['holdfast plan --limit=tok', 'plan --limit=tokyo1'],
  ['holdfast plan --limit web:tok', 'plan --limit web:tokyo1'],
  ["holdfast plan --limit 'web:!tok", 'plan --limit web:!tokyo1'],
  ['holdfast plan -i other.yaml --limit osa', 'plan -i other.yaml --limit osaka9'],
  ['holdfast plan --inventory=other.yaml -l osa', 'plan --inventory=other.yaml -l osaka9'],
  ['holdfast plan -i slow --limit osa', 'plan -i slow --limit osa'],
  ['holdfast rollback tok', 'rollback tokyo1'],
  ['holdfast inventory --host tok', 'inventory --host tokyo1'],
  ['holdfast inventory --graph we', 'inventory --graph web'],
  ['holdfast plan --state play', 'plan --state playbooks/'],
  ['holdfast report merge --since 1h --for', 'report merge --since 1h --format'],
  ['holdfast report merge --format ju', 'report merge --format junit'],
  ['holdfast report merge playbooks/si', 'report merge playbooks/site.yaml'],
  ['holdfast plan --tags moni', 'plan --tags monitoring'],
  ['holdfast plan --tags kernel,moni', 'plan --tags kernel,monitoring'],
  ['holdfast plan -i other.yaml --tags=kernel,moni', 'plan -i other.yaml --tags=kernel,monitoring'],
  ['holdfast plan more.yaml -t ', 'plan more.yaml -t only-more'],
  ['holdfast apply --cause dri', 'apply --cause drift'],
  ['holdfast apply --cause upgrade,dri', 'apply --cause upgrade,drift'],
  ['holdfast report --run 20260111', 'report --run 20260111T021500Z-aaaaaa'],
  ['holdfast rollback tokyo1 --run 2026', 'rollback tokyo1 --run 20260112T021500Z-bbbbbb'],
  ['holdfast report --state elsewhere --run 2', 'report --state elsewhere --run 20260113T021500Z-cccccc'],
  // what ships stands in playbooks/ beside dist/, and here that is site.yaml
  ['holdfast init --remedy si', 'init --remedy site'],
]

/** What is not the same with bash-completion loaded could only be its own doing: a few rows tell. */
const few = rows.filter(([typed]) => /--limit (tok|web:tok)$|format ju$|oth$/.test(typed))

const shells: readonly (readonly [string, readonly string[], string])[] = [
  ['bash', ['bash', '--rcfile', 'rc', '-i'], "PS1='READY> '\nsource completion.bash\n"],
  [
    'bash with bash-completion',
    ['bash', '--rcfile', 'rc', '-i'],
    "PS1='READY> '\nsource /usr/share/bash-completion/bash_completion\nsource completion.bash\n",
  ],
  ['zsh', ['zsh', '-d', '-i'], "PS1='READY> '\nautoload -Uz compinit && compinit -u -D\nsource completion.zsh\n"],
  ['fish', ['fish', '--no-config', '-C', 'source rc', '-i'], "function fish_prompt; echo 'READY> '; end\nsource completion.fish\n"],
]

/** A run of the history, as far as it is read. */
const runText = (run: string, command: string, outcome: string): string =>
  JSON.stringify({
    format: 1,
    run,
    command,
    began: '2026-01-11T02:15:00Z',
    hosts: [{ host: 'tokyo1', outcome, changes: [{}], groups: [] }],
  })

const root = join(import.meta.dirname, '../..')
let place: ReturnType<typeof makeFolder>
beforeAll(() => {
  place = makeFolder({
    'inventory.yaml':
      'all:\n  children:\n    web:\n      hosts:\n        tokyo1:\n        "tok;touch hacked":\n        "tok$(touch hacked)":\n',
    'other.yaml': 'all: {hosts: {osaka9: }}\n',
    'package.json': '{"version": "0"}',
    slow: '#!/bin/sh\nsleep 60\n',
    'playbooks/site.yaml': '- {hosts: web, tags: [kernel, "monitoring,tag;touch hacked"], sysctl: {}}\n',
    'more.yaml': '- {hosts: web, tags: only-more, sysctl: {}}\n',
    '.holdfast/runs/20260111T021500Z-aaaaaa.json': runText('20260111T021500Z-aaaaaa', 'plan', 'pending'),
    '.holdfast/runs/20260112T021500Z-bbbbbb.json': runText('20260112T021500Z-bbbbbb', 'apply', 'changed'),
    'elsewhere/runs/20260113T021500Z-cccccc.json': runText('20260113T021500Z-cccccc', 'apply', 'changed'),
    // the program that is completed: it notes what it was given, and answers the scripts as the real one does
    'bin/holdfast': `#!/bin/sh
case $1 in
  __complete) : >asking; exec 3>&1; (${process.execPath} "\${0%/*}/../dist/cli.cjs" "$@" >&3); rm -f asking ;;
  *) printf '%s\\n' "$*" >>given ;;
esac
`,
  })
  for (const path of ['bin/holdfast', 'slow']) chmodSync(join(place.folder, path), 0o755)
  // as it is installed, which is quick: it is started once for each TAB
  cpSync(dirname(holdfastWords.at(-1)!), join(place.folder, 'dist'), { recursive: true })
  for (const shell of ['bash', 'zsh', 'fish'])
    writeFileSync(join(place.folder, `completion.${shell}`), runSource('src/cli.ts', ['completion', shell], place.folder).stdout)
})
afterAll(() => place.remove())

describe.each(shells)('%s', (name, words, rc) => {
  it('completes', { timeout: 120_000 }, () => {
    const { folder } = place
    const own = name.endsWith('bash-completion') ? few : rows
    rmSync(join(folder, 'given'), { force: true })
    for (const file of ['rc', '.zshrc']) writeFileSync(join(folder, file), rc)
    const { stdout, status } = spawnSync('python3', [join(root, 'test/cli/type.py'), folder, ...words], {
      input: JSON.stringify(own.map(([typed]) => typed)),
      encoding: 'utf8',
      timeout: 110_000,
      env: {
        ...process.env,
        HOME: folder,
        ZDOTDIR: folder,
        TERM: 'xterm',
        PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
        XDG_CONFIG_HOME: folder,
      },
    })
    expect(status, stdout).toBe(0)
    const given = readFileSync(join(folder, 'given'), 'utf8').trim().split('\n')
    // zsh takes the slash of a folder away again
    expect(given.map((line) => line.trim().replace(/playbooks$/, 'playbooks/'))).toEqual(own.map(([, whole]) => whole))
  })
})
