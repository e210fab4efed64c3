import { Command, Option } from 'commander'
import type { Shell } from './completion.js'
import { helpForm, teach } from './help.js'
import { type ImportOptions, withImporting } from './importing.js'
import type { InitOptions } from './init.js'
import type { InventoryOptions } from './inventory.js'
import {
  headings,
  timing,
  unsaid,
  unsaidOfFleet,
  withCommon,
  withFiles,
  withFleet,
  withHosts,
  withInventory,
  withKeeping,
  withLook,
  withRun,
} from './option-groups.js'
import {
  type AdoptOptions,
  collect,
  type DiagnoseOptions,
  type FleetOptions,
  formats,
  type MergeOptions,
  type Options,
  type ReportOptions,
  type RollbackOptions,
  span,
  type WatchOptions,
  wholeNumber,
} from './options.js'
import { withSettingUp } from './setting-up.js'

/** What each command does; each gives the exit code. */
export interface Commands {
  validate(playbooks: readonly string[], options: Options): Promise<number>
  converge(command: 'plan' | 'apply', playbooks: readonly string[], options: FleetOptions): Promise<number>
  watch(playbooks: readonly string[], options: WatchOptions): Promise<number>
  report(options: ReportOptions): Promise<number>
  merge(paths: readonly string[], options: MergeOptions): Promise<number>
  rollback(patterns: readonly string[], options: RollbackOptions): Promise<number>
  inventory(options: InventoryOptions): Promise<number>
  diagnose(playbooks: readonly string[], options: DiagnoseOptions): Promise<number>
  init(options: InitOptions): Promise<number>
  completion(shell: Shell, program: Command): Promise<number>
  complete(what: string, words: readonly string[]): Promise<number>
  adopt(patterns: readonly string[], options: AdoptOptions): Promise<number>
  importAnsible(playbooks: readonly string[], options: ImportOptions): Promise<number>
}

/** Shown when nothing is asked for: what to do first. */
export const lesson = `holdfast keeps kernel parameters (sysctl) and iptables rules as your YAML says, in the running
kernel and after the next reboot, over SSH and with nothing installed on the hosts.

  0. holdfast init                  write an inventory and a playbook, if you have none yet
  1. holdfast validate              check inventory.yaml and playbooks/*.yaml; no network
  2. holdfast plan                  look at the hosts, print what would change; changes nothing
  3. holdfast apply --limit HOST    converge one host; it undoes everything by itself if you are locked out
  4. holdfast apply                 converge them all; a second run does nothing

holdfast COMMAND --help shows the options of a command.
`

/** The command line's grammar. `finish` is given the exit code of the command that ran. */
export function grammarOf(commands: Commands, finish: (code: number) => void, write: (text: string) => void): Command {
  const program = new Command('holdfast')
    .description('Converge kernel parameters and iptables rules over SSH: live, and after the next reboot.')
    .usage('COMMAND [PLAYBOOK...] -i INVENTORY')
    .addHelpOption(new Option('-h, --help', 'print this help').helpGroup(headings.general))
    .helpCommand('help [COMMAND]', 'print the help of a command')
    .exitOverride()
    // what stands behind `report merge` is of merge
    .enablePositionalOptions()
    .configureHelp(helpForm)
    .configureOutput({ writeOut: write, writeErr: () => {}, outputError: () => {} })
  withFiles(
    program
      .command('validate')
      .summary('check the files; no network')
      .description('Check inventory, playbooks and profiles; no host is contacted.'),
  ).action(async (playbooks: string[], options: Options) => finish(await commands.validate(playbooks, { ...unsaid, ...options })))
  const plan = program
    .command('plan')
    .summary('look at the hosts and print what would change')
    .description(
      'Look at the hosts and print what would change, per host and layer. Changes nothing; exit 2 where there is something to change.',
    )
  withKeeping(withFleet(withFiles(plan)))
    .optionsGroup(headings.output)
    .option('--predict-upgrade', 'say what hosts will lose that have not been upgraded as others of their group were')
    .action(async (playbooks: string[], options: FleetOptions) =>
      finish(await commands.converge('plan', playbooks, { ...unsaidOfFleet, ...options })),
    )
  const apply = program
    .command('apply')
    .summary('converge the hosts')
    .description(
      'Converge the hosts. A host that cannot be reached anew afterwards undoes everything by itself. PLAN.json, kept by plan --out, is carried out exactly, and refused on each host that has moved since.',
    )
  withKeeping(withFleet(withFiles(apply)))
    .usage('[PLAYBOOK...] -i INVENTORY, or PLAN.json')
    .optionsGroup(headings.what)
    .option('--check', 'change nothing: the same as plan')
    .optionsGroup(headings.kept)
    .option('--at-window', 'wait with a kept plan until all its hosts are in their change windows')
    .option('--allowed-signers <file>', 'a kept plan must be signed by one of these (ssh-keygen(1), ALLOWED SIGNERS)')
    .action(async (playbooks: string[], options: FleetOptions) =>
      finish(await commands.converge('apply', playbooks, { ...unsaidOfFleet, ...options })),
    )
  const watch = program
    .command('watch')
    .summary('converge on a schedule')
    .description(
      'Converge when the schedule says, until a signal comes. Outside the change windows of a host (holdfast_change_windows in the inventory) it only plans and reports.',
    )
  withFleet(withFiles(watch))
    .optionsGroup(headings.own)
    .option('--every <span>', 'a run at once, then one each 90s, 15m, 4h (default: 1h)', span)
    .option('--cron <expression>', 'runs at these times: "*/15 2-4 * * sat"')
    .option('--tz <zone>', 'the time zone of --cron (default: that of this machine)')
    .option('--jitter <span>', 'begin up to so much later, by chance', span)
    .option('--once', 'one run, then end with its exit code', false)
    .option('--check', 'change nothing at any time')
    .option('--listen <address>', 'serve the report page, /metrics and /healthz: 127.0.0.1:9477')
    .option('--print-systemd', 'print a unit that runs this command line (with --once: and a timer)', false)
    .action(async (playbooks: string[], options: WatchOptions) => finish(await commands.watch(playbooks, { ...unsaidOfFleet, ...options })))
  const report = program
    .command('report')
    .summary('show the run history: page, JSON, JUnit, Markdown, metrics')
    .description('Show the run history that plan, apply and watch write; no host is contacted. JUnit and Markdown are of one run.')
    .usage('[--format html|json|junit|markdown|metrics|prometheus]')
    .optionsGroup(headings.own)
    .option('-i, --inventory <file>', 'the history stands beside it (default: inventory.yaml)', collect)
    .option('--state <folder>', 'the run history (default: .holdfast beside the inventory)')
    .addOption(new Option('--format <form>', 'what is made (default: html)').choices(formats))
    .option('--json', 'the same as --format json')
    .option('--run <run>', 'this run (default: the newest)')
    .option('--outliers', 'name the hosts that differ from the others of their group in what no playbook names (text, or JSON)')
    .option('--wide', 'with --outliers: in all that plan --wide, apply --wide and watch --wide have read')
    .option('--last <n>', 'only the newest n runs', wholeNumber(1))
    .option('--out <file>', 'write it there, whole or not at all (default: stdout)')
    .action(async (options: ReportOptions) => finish(await commands.report(options)))
  report
    .enablePositionalOptions()
    .command('merge')
    .summary('make one report of the runs of several controllers')
    .description(
      'Merge the runs of the shards of a fleet into one report: each host once, as its newest run left it. The exit code is that of one run over all of them; 3 where a shard or a host is missing.',
    )
    .usage('PATH... [--format html|json|junit|markdown|metrics|prometheus]')
    .argument('<PATH...>', 'state folders (.holdfast) or folders of them, runs/*.json, or what --json printed')
    .optionsGroup(headings.own)
    .option('--since <span>', 'only runs that began within the last 90s, 15m, 4h', span)
    .addOption(new Option('--format <form>', 'what is made (default: html)').choices(formats))
    .option('--json', 'the same as --format json')
    .option('--out <file>', 'write it there, whole or not at all (default: stdout)')
    .action(async (paths: string[], options: MergeOptions) => finish(await commands.merge(paths, options)))
  withLook(withFiles(program.command('diagnose')))
    .summary('explain which connection failures hosts are open to')
    .description(
      'Look at every host, and say with evidence which of the known connection failures it is open to, and what cures it. Changes nothing.',
    )
    .optionsGroup(headings.output)
    .option(...timing)
    .optionsGroup(headings.own)
    .option('--watch <s>', 'look twice, so many seconds apart, and say what the counters grew by', wholeNumber(1))
    .action(async (playbooks: string[], options: DiagnoseOptions) =>
      finish(await commands.diagnose(playbooks, { ...unsaidOfFleet, ...options })),
    )
  withInventory(
    withCommon(
      program
        .command('inventory')
        .summary('print the inventory as ansible-inventory does')
        .description('Print what ansible-inventory prints of the same files: hosts, groups and variables.')
        .usage('--list | --graph [GROUP] | --host NAME  -i INVENTORY'),
    ),
  )
    .optionsGroup(headings.own)
    .option('--list', 'groups, hosts and variables as JSON')
    .option('--graph [group]', 'the tree of groups')
    .option('--host <name>', 'the variables of one host as JSON')
    .action(async (options: InventoryOptions) => finish(await commands.inventory({ ...unsaid, ...options })))
  const rollback = program
    .command('rollback')
    .summary('take back what a run changed')
    .description(
      'Take back what a run changed on these hosts, live and in files, against what they hold now and guarded as apply is. Without --run: the last run that changed something.',
    )
  withRun(withHosts(rollback))
    .optionsGroup(headings.own)
    .option('--run <run>', 'this run')
    .option('--list', 'list the runs that the hosts keep, change nothing', false)
    .option('--check', 'change nothing, print what would be taken back')
    .action(async (patterns: string[], options: RollbackOptions) =>
      finish(await commands.rollback(patterns, { ...unsaidOfFleet, ...options })),
    )
  const adopt = program
    .command('adopt')
    .summary('print the playbook that describes what hosts hold now')
    .description(
      'Print the playbook that describes what these hosts hold now: kernel parameters that somebody set, and rules that no daemon and no product looks after, grouped where hosts agree. A plan of it finds nothing to change. Changes nothing.',
    )
  withLook(withHosts(adopt))
    .optionsGroup(headings.own)
    .option('--exact', 'take built-in chains as a whole: what is not in the playbook then has to go', false)
    .option('--out <file>', 'write the playbook there, whole or not at all (default: stdout)')
    .action(async (patterns: string[], options: AdoptOptions) => finish(await commands.adopt(patterns, { ...unsaidOfFleet, ...options })))
  withImporting(program, commands, finish)
  withSettingUp(program, commands, finish)
  teach(program)
  return program
}
