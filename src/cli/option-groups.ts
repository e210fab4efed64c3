import type { Command } from 'commander'
import {
  batchSizes,
  causeList,
  collect,
  collectList,
  duration,
  extraVar,
  moment,
  type Options,
  percentage,
  shardOf,
  wholeNumber,
} from './options.js'

/** What the options are that were not said and that --help need not show. */
export const unsaid: Options = { extraVars: {}, verbose: false, json: false }
const switchesOff = { check: false, diff: false, become: false, prune: false, script: false, acceptNewHostKeys: false }

/** Numbers that hold where nothing else is said: seconds, hours, runs and days. */
const usual = { confirmTimeout: 60, lockTimeout: 60, contestedWithin: 24, keepRuns: 500, keepDays: 90 }

/** The same of the commands that go to hosts. */
export const unsaidOfFleet = { ...unsaid, ...switchesOff, ...usual, serial: [] }

/** The headings that options stand under in help. */
export const headings = {
  own: 'Options of this command:',
  which: 'Which hosts and plays:',
  what: 'What is changed:',
  pace: 'How many at once, and how long:',
  access: 'How hosts are reached:',
  secrets: 'Passwords:',
  output: 'What is printed:',
  history: 'What is written down, and who is told:',
  kept: 'A plan kept in a file:',
  general: 'In general:',
} as const

/** What takes an inventory: the first of the options that say which hosts. */
export function withInventory(command: Command): Command {
  return command
    .optionsGroup(headings.which)
    .option('-i, --inventory <file>', 'inventory, may be repeated (default: inventory.yaml, or that of ansible.cfg)', collect)
}

/** What takes an inventory and playbooks. */
export function withFiles(command: Command): Command {
  return withCommon(
    withInventory(
      command.usage('[PLAYBOOK...] -i INVENTORY').argument('[PLAYBOOK...]', 'playbooks, - is stdin (default: playbooks/*.yaml)'),
    )
      .option('-l, --limit <pattern>', 'only these hosts, as an Ansible host pattern; nothing is removed then')
      .option('-t, --tags <tags>', 'only plays with one of these tags; nothing is removed then', collectList),
  )
}

/** What takes an inventory and host patterns. */
export function withHosts(command: Command): Command {
  return withCommon(
    withInventory(command.usage('PATTERN... -i INVENTORY').argument('<PATTERN...>', 'hosts, as Ansible host patterns')).option(
      '-l, --limit <pattern>',
      'only these of them',
    ),
  )
}

/** What every command takes. */
export function withCommon(command: Command): Command {
  return withVault(
    command
      .optionsGroup(headings.which)
      .option('-e, --extra-vars <key=value>', 'set a variable over all others, may be repeated', extraVar),
  )
    .optionsGroup(headings.output)
    .option('-v, --verbose', 'say more')
    .option('--json', 'print one JSON document on stdout, text on stderr')
}

/** What reads an inventory that may be in a vault. */
export function withVault(command: Command): Command {
  return command
    .optionsGroup(headings.secrets)
    .option('--vault-password-file <file>', 'the vault password stands in this file, or this program prints it', collect)
    .option('--vault-id <id>', 'LABEL@SOURCE of a vault password: a file, a program or prompt', collect)
    .option('-J, --ask-vault-pass', 'ask for the vault password')
}

/** What goes to hosts and may remove things there. */
export function withFleet(command: Command): Command {
  return withRun(command)
    .optionsGroup(headings.what)
    .option('--prune', 'also remove what no playbook names any more')
    .optionsGroup(headings.history)
    .option('--wide', 'read what no playbook names, too: all network parameters and rules, for report --outliers --wide')
}

/** What may keep its plan in a file. */
export function withKeeping(command: Command): Command {
  return command
    .optionsGroup(headings.kept)
    .option('--out <file>', 'keep the plan in a file, for apply')
    .option('--valid-for <span>', 'the kept plan expires after 90m, 4h, 2d (default: 24h)', duration)
    .option('--valid-until <moment>', 'the kept plan expires then: 2026-01-12T06:00:00Z', moment)
    .option('--sign <key>', 'sign the kept plan with this SSH key (a public one: by the agent), into FILE.sig')
}

/** What goes to hosts. */
export function withRun(command: Command): Command {
  return withHistory(withPace(withLook(command)))
}

/** What goes to hosts and only reads there: no run of the history, nothing to undo. */
export function withLook(command: Command): Command {
  return withAccess(
    command
      .optionsGroup(headings.which)
      .option(
        '--shard <i/n>',
        'only the hosts of this shard: 3/8, or auto in a job of Kubernetes, Slurm, GitLab or GNU parallel; nothing is removed then',
        shardOf,
      )
      .optionsGroup(headings.pace)
      .option('-f, --forks <n>', 'hosts at once', wholeNumber(1), 50)
      .option('--connect-timeout <s>', 'for one connection', wholeNumber(1), 10),
  )
}

function withPace(command: Command): Command {
  return command
    .optionsGroup(headings.what)
    .option(
      '--cause <causes>',
      'only differences of these causes: upgrade, drift, contested, intent, new; nothing is removed then',
      causeList,
    )
    .option(
      '--contested-within <h>',
      'hours in which three corrections of one thing make it contested',
      wholeNumber(1),
      usual.contestedWithin,
    )
    .optionsGroup(headings.pace)
    .option('--serial <sizes>', 'batches: 5, 20% or a list as 1,10%,50%', batchSizes)
    .option('--max-fail-percentage <n>', 'start no further host once more of a batch failed or could not be reached', percentage)
    .option('--confirm-timeout <s>', 'a host undoes everything unless reached anew within', wholeNumber(5), usual.confirmTimeout)
    .option('--lock-timeout <s>', 'wait for another run on a host', wholeNumber(0), usual.lockTimeout)
}

function withAccess(command: Command): Command {
  return command
    .optionsGroup(headings.access)
    .option('-b, --become', 'run as root through sudo')
    .option('--known-hosts <file>', 'host keys (default: ~/.ssh/known_hosts, /etc/ssh/ssh_known_hosts)')
    .option('--accept-new-host-keys', 'trust and remember the key of a host that is not known yet')
    .optionsGroup(headings.secrets)
    .option('-K, --ask-become-pass', 'ask for the password of sudo or su')
    .option('-k, --ask-pass', 'ask for the password of the login')
    .option('--become-password-file <file>', 'the password of sudo or su stands in this file')
    .option('--connection-password-file <file>', 'the password of the login stands in this file')
}

/** The option that says where the time went. */
export const timing = ['--timing', 'measure where the time goes, and print it: a waterfall, or the medians of several hosts'] as const

function withHistory(command: Command): Command {
  return command
    .optionsGroup(headings.output)
    .option('-D, --diff', 'show unified diffs of boot files and chains')
    .option('--script', 'print what would run on the hosts')
    .option(...timing)
    .optionsGroup(headings.history)
    .option('--state <folder>', 'the run history (default: .holdfast beside the inventory)')
    .option('--keep-runs <n>', 'runs that the history keeps', wholeNumber(1), usual.keepRuns)
    .option('--keep-days <n>', 'days for which the history keeps a run', wholeNumber(1), usual.keepDays)
    .option('--notify-webhook <url>', 'POST drift, failures, rollbacks and contested things there, as JSON', collect)
    .option('--notify-slack <url>', 'POST them there as {text}, as Slack takes it', collect)
    .option('--notify-command <command>', 'run this with them as JSON on its stdin', collect)
}
