import type { Command } from 'commander'
import { bashScript } from './completion/bash.js'
import { fishScript } from './completion/fish.js'
import { completedOf } from './completion/words.js'
import { zshScript } from './completion/zsh.js'
import type { Console } from './console.js'

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript }

/** The shells that are known. */
export type Shell = keyof typeof scripts

/** `holdfast completion SHELL`: a script that completes this very grammar. */
export function completion(shell: Shell, program: Command, { out }: Console): number {
  out.write(scripts[shell](completedOf(program)))
  return 0
}
