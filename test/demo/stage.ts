import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import pc from 'picocolors'
import { must } from '../lab/capture.js'

/** Where the demo plays: each step prints what a person would see in their own terminal. */
export interface Stage {
  say(text: string): void
  show(file: string): void
  /** Runs the built program in the demo's folder. Throws where it ends with another exit code than `code`. */
  holdfast(words: string, code: number, meaning: string): Promise<void>
}

/** Prints text, and runs a program so that its output is printed too; gives its exit code. */
export interface Terminal {
  readonly colour: boolean
  print(text: string): void
  run(argv: readonly string[], folder: string, env: NodeJS.ProcessEnv): Promise<number | null>
}

const program = join(import.meta.dirname, '../../dist/cli.cjs')

/** The stage on that terminal. HOME is the demo's folder: its .ssh holds the key, and the keys of the hosts. */
export const openStage = (terminal: Terminal, labPid: number, folder: string): Stage => {
  const { bold, cyan, dim, green } = pc.createColors(terminal.colour)
  const prompt = (command: string): void => terminal.print(`${green('$')} ${bold(command)}\n`)
  return {
    say: (text) => terminal.print(`${cyan(`# ${text}`)}\n\n`),
    show: (file) => {
      prompt(`cat ${file}`)
      terminal.print(`${readFileSync(join(folder, file), 'utf8')}\n`)
    },
    holdfast: async (words, code, meaning) => {
      prompt(`holdfast ${words}`)
      const argv = ['nsenter', `--net=/proc/${labPid}/ns/net`, process.execPath, program, ...words.split(' ')]
      const ended = await terminal.run(argv, folder, { ...process.env, HOME: folder })
      if (ended !== code) throw new Error(`holdfast ${words} ended with ${ended}, not with ${code}`)
      terminal.print(`${dim(`exit ${code}: ${meaning}`)}\n\n`)
    },
  }
}

/** The terminal (or pipe) that this process was started in; what runs there has it to itself. */
export const ownTerminal: Terminal = {
  colour: pc.isColorSupported && process.stdout.isTTY === true,
  print: (text) => void process.stdout.write(text),
  run: async ([command, ...words], folder, env) => {
    const child = spawn(command!, words, { cwd: folder, env, stdio: 'inherit' })
    return (await once(child, 'exit'))[0]
  },
}

/** A terminal of 100 columns, in colour, that only remembers what is on it, without progress (stderr). */
export const recordingTerminal = (): Terminal & { take(): string } => {
  let screen = ''
  return {
    colour: true,
    print: (text) => {
      screen += text
    },
    run: async (argv, folder, env) => {
      // util-linux' script gives the command a terminal; the exit code goes around it
      const command = `stty cols 100 -onlcr; ${argv.join(' ')} 2>/dev/null; echo "$?" >exit`
      screen += await must(['script', '-qec', command, '/dev/null'], {
        cwd: folder,
        env: { ...env, TERM: 'xterm-256color', LC_ALL: 'C.UTF-8', NO_COLOR: '' },
      })
      return Number(readFileSync(join(folder, 'exit'), 'utf8'))
    },
    take: () => {
      const taken = screen
      screen = ''
      return taken
    },
  }
}
