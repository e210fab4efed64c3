import { execFileSync } from 'node:child_process'
import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { examples } from '../../src/cli/examples.js'
import { pathOf } from '../../src/cli/help.js'
import { headings } from '../../src/cli/option-groups.js'
import { type Commands, grammarOf } from '../../src/cli/program.js'
import { runHere } from './process.js'

/** The grammar over commands that only note that they were called. */
function grammar(called: string[] = []): Command {
  const commands = new Proxy({}, { get: (_, name) => async () => called.push(String(name)) }) as Commands
  return grammarOf(
    commands,
    () => {},
    () => {},
  )
}
const commands = grammar()
  .commands.filter((command) => !(command as Command & { _hidden?: boolean })._hidden)
  .flatMap((command) => [command, ...command.commands])
const names = commands.map((command) => pathOf(command).join(' '))
const lines = Object.entries(examples).flatMap(([name, own]) => own.map(({ line }) => [name, line] as const))

/** The words of a line as sh reads it, without what goes to a file. */
const wordsOf = (line: string): readonly string[] =>
  execFileSync('sh', ['-c', `printf '%s\\0' ${line.replace(/^source <\((.*)\)$/, '$1').replace(/ [>|] .*/, '')}`], { encoding: 'utf8' })
    .split('\0')
    .slice(0, -1)

describe('examples', () => {
  it('are there for every command, two to five, and for nothing else', () => {
    expect(Object.keys(examples).sort()).toEqual(['holdfast', ...names].sort())
    expect(Object.entries(examples).filter(([, own]) => own.length < 2 || own.length > 5)).toEqual([])
  })

  it.each(lines)('of %s are command lines: %s', async (name, line) => {
    const [program, command, ...rest] = wordsOf(line)
    expect(program).toBe('holdfast')
    if (command === 'help') return expect(names).toContain(rest[0])
    if (name !== 'holdfast') expect([command, ...rest].join(' ')).toMatch(new RegExp(`^${name}\\b`))
    const called: string[] = []
    await grammar(called).parseAsync([command!, ...rest], { from: 'user' })
    expect(called).toHaveLength(1)
  })

  it('fit 80 columns', () => {
    expect(lines.filter(([, line]) => line.length > 78)).toEqual([])
  })
})

describe('help', () => {
  it.each([
    ['help --help', 'help'],
    ['help -h', 'help'],
    ['help report merge -h', 'report merge --help'],
    ['help plan --help', 'plan --help'],
  ])('of %s is that of %s', async (asked, same) => {
    const shown = await runHere(asked.split(' '))
    expect(shown).toEqual(await runHere(same.split(' ')))
    expect(shown).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Usage: holdfast /) as string })
  })

  it.each(names)('%s ends with its examples, and is the same as help COMMAND', async (name) => {
    const { status, stdout } = await runHere([...name.split(' '), '--help'])
    expect(status).toBe(0)
    const [, ending] = stdout.split('\nExamples:\n')
    expect(ending?.match(/^ {2}(holdfast |source )/gm)).toHaveLength(examples[name]!.length)
    expect(await runHere(['help', ...name.split(' ')])).toEqual({ status: 0, stdout, stderr: '' })
  })

  it.each(
    commands.flatMap((command) =>
      command.options.map((option) => [pathOf(command).join(' '), option.flags, option.helpGroupHeading] as const),
    ),
  )('%s %s stands under a heading', (_, __, heading) => {
    expect(Object.values(headings)).toContain(heading)
  })

  it.each([40, 60, 80, 200])('keeps within %i columns', (width) => {
    for (const command of commands) {
      command.configureOutput({ getOutHelpWidth: () => width })
      const long = command
        .helpInformation()
        .split('\n')
        .filter((line) => line.length > width && /\S\s+\S+\s+\S/.test(line) && !line.startsWith('Usage:'))
      expect(long, command.name()).toEqual([])
    }
  })

  it('of a narrow terminal puts descriptions below, of a wide one beside', () => {
    const plan = commands.find((command) => command.name() === 'plan')!
    plan.configureOutput({ getOutHelpWidth: () => 60 })
    expect(plan.helpInformation()).toMatch(/^ {2}-f, --forks <n>\n {6}hosts at once/m)
    plan.configureOutput({ getOutHelpWidth: () => 80 })
    expect(plan.helpInformation()).toMatch(/^ {2}-f, --forks <n> +hosts at once/m)
  })

  it('names every command where none was known', async () => {
    const { status, stderr } = await runHere(['frobnicate'])
    expect(status).toBe(1)
    for (const name of names.filter((each) => !each.includes(' '))) expect(stderr).toContain(name)
    expect(stderr).not.toContain('__')
  })
})
