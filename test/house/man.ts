import type { Command, Option } from 'commander'
import { type Example, examples } from '../../src/cli/examples.js'
import { examplesOf } from '../../src/cli/help.js'
import { type Commands, grammarOf } from '../../src/cli/program.js'

/** What the grammar does not say, in order: title, then paragraphs; `TERM: text` is an entry of a list. */
const description = [
  'holdfast keeps kernel parameters (sysctl) and iptables rules on a group of Linux hosts as YAML says, over SSH and with nothing installed on the hosts. It compares what is wanted with what is live in the kernel and with what the host will hold after its next reboot, worked out from its own boot files. It writes what differs, under an undo that fires by itself if you are locked out, and a second run does nothing.',
  'Without arguments, commands take inventory.yaml and playbooks/*.yaml of the folder.',
]
const endings: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
  [
    'EXIT STATUS',
    [
      ['0', 'In sync, or converged.'],
      ['1', 'A mistake in the command line or a file; no host was contacted.'],
      ['2', 'plan found something to change.'],
      ['3', 'A host failed, would be locked out, still differs, or was not started because too many others failed.'],
      ['4', 'A host was unreachable.'],
      ['5', 'A host rolled back.'],
      ['6', 'A kept plan was stale.'],
      ['70', 'A bug; the hosts under way undo by themselves.'],
      ['130, 143', 'Stopped by a signal.'],
    ],
  ],
  [
    'FILES',
    [
      ['inventory.yaml', "The hosts: Ansible's inventory, with group_vars/ and host_vars/ beside it."],
      ['playbooks/*.yaml', 'What hosts shall hold.'],
      ['profiles/NAME.yaml', 'What holdfast knows of a product, beside a playbook.'],
      ['.holdfast/', 'The run history, beside the inventory.'],
      ['~/.ssh/known_hosts, /etc/ssh/ssh_known_hosts', 'Host keys.'],
      ['/etc/sysctl.d/zz-holdfast.conf', 'On hosts: the kernel parameters that holdfast owns.'],
    ],
  ],
  [
    'ENVIRONMENT',
    [
      ['NO_COLOR', 'No colour on a terminal.'],
      ['SSH_AUTH_SOCK', 'The agent that holds the keys.'],
      ['SSH_ASKPASS, SSH_ASKPASS_REQUIRE', 'The program that asks for secrets where there is no terminal, as in ssh(1).'],
      ['ANSIBLE_VAULT_PASSWORD_FILE', 'As --vault-password-file.'],
      ['ANSIBLE_CONFIG', 'The ansible.cfg whose settings hold where the command line and the inventory do not say.'],
    ],
  ],
]

/** The manual page holdfast(1) of the grammar, in the man macros. */
export function manual(version: string): string {
  const program = grammarOf(
    {} as Commands,
    () => {},
    () => {},
  )
  const commands = program.createHelp().visibleCommands(program)
  return [
    `.TH HOLDFAST 1 2026-11-22 "holdfast ${version}" "User Commands"`,
    ...['.SH NAME', `holdfast \\- ${roff('converge kernel parameters and iptables rules over SSH, live and after the next reboot')}`],
    ...['.SH SYNOPSIS', '.B holdfast', roff(program.usage()), '.SH DESCRIPTION', ...paragraphs(description)],
    ...['.SH COMMANDS', ...commands.flatMap(commandLines)],
    ...endings.flatMap(([title, entries]) => [`.SH ${title}`, ...entries.flatMap(([term, text]) => entry(term, text))]),
    ...['.SH EXAMPLES', ...examples.holdfast!.flatMap(exampleLines).slice(1)],
    ...['.SH SEE ALSO', '.BR sysctl (8),', '.BR iptables (8),', '.BR ssh (1),', '.BR ansible\\-inventory (1)'],
    '',
  ].join('\n')
}

function commandLines(command: Command): readonly string[] {
  if (command.name() === 'help') return []
  const options = command.createHelp().visibleOptions(command)
  const headings = [...new Set(options.map(({ helpGroupHeading }) => helpGroupHeading ?? ''))]
  return [
    `.SS ${roff(`${fullName(command)} ${command.usage().replace(/\s+/g, ' ')}`)}`,
    roff(command.description()),
    ...headings.flatMap((heading) => [
      '.PP',
      `.I ${roff(heading)}`,
      ...options.filter(({ helpGroupHeading }) => (helpGroupHeading ?? '') === heading).flatMap((option) => optionLines(command, option)),
    ]),
    ...(examplesOf(command) ?? []).flatMap(exampleLines),
    ...command.commands.flatMap(commandLines),
  ]
}

const fullName = (command: Command): string => (command.parent ? `${fullName(command.parent)} ${command.name()}` : command.name())

const optionLines = (command: Command, option: Option): readonly string[] =>
  entry(option.flags, command.createHelp().optionDescription(option))

const entry = (term: string, text: string): readonly string[] => ['.TP', `.B ${roff(term)}`, roff(text)]
const exampleLines = ({ line, says }: Example): readonly string[] => ['.PP', '.nf', `.B ${roff(line)}`, '.fi', '.RS 4', roff(says), '.RE']
const paragraphs = (texts: readonly string[]): readonly string[] => texts.flatMap((text, at) => [...(at === 0 ? [] : ['.PP']), roff(text)])

/** Text that troff shows as it is: no escape, no request, a hyphen that can be copied. */
const roff = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('"', '\\(dq')
    .replaceAll("'", '\\(aq')
    .replaceAll('~', '\\(ti')
    .replaceAll('^', '\\(ha')
    .replaceAll('`', '\\(ga')
    .replace(/^\./gm, '\\&.')
