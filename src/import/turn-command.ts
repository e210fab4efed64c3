import { shellWords } from '../resources/iptables/shell-words.js'
import { joinShell } from '../resources/iptables/tokens.js'
import type { Env } from './fill.js'
import { refuse } from './left.js'
import type { ChainAt, Operation } from './operations.js'
import type { Fields } from './tasks.js'
import { truth } from './truth.js'
import { setOf } from './turn-sysctl.js'

/** Whether a command line is about what holdfast holds. */
export function isOurs(text: string): boolean {
  return /\b(ip6?tables|sysctl|nft|ipset|netfilter-persistent|ufw|firewall-cmd)\b|\/proc\/sys\//.test(text)
}

/** What a task of command, shell or raw does, where it is plain iptables and sysctl. */
export function turnCommand(module: string, written: unknown, args: Fields, env: Env): readonly Operation[] {
  for (const name of ['creates', 'removes'])
    if (args[name] !== undefined) refuse(`${name}: whether it runs is known only on the host`, name)
  if (Array.isArray(args.argv)) return turnWords(args.argv.map(String), env)
  const text = typeof written === 'string' ? written : (args.cmd ?? args._raw_params)
  if (typeof text !== 'string') return refuse('names no command')
  return linesOf(text, module !== 'command').flatMap((words) => turnWords(words, env))
}

/** Names of variables stand as one character each while sh's words are cut. */
const first = 0xe000

function linesOf(text: string, shell: boolean): readonly (readonly string[])[] {
  if (/[\uE000-\uF8FF]/.test(text)) refuse('holds characters of private use')
  const names: string[] = []
  const masked = text.replace(/\{\{.*?\}\}/gs, (name) => String.fromCharCode(first + names.push(name) - 1))
  const back = (word: string): string => word.replace(/[\uE000-\uF8FF]/g, (mark) => names[mark.charCodeAt(0) - first] ?? '')
  const cut = (part: string): readonly string[] => {
    const saved = /^(?:sudo )?(?:[/\w]*\/)?(ip6?tables-save)(?: -c)? *> *([\w./-]+)$/.exec(part.trim())
    if (saved) return [saved[1] ?? '', '>', saved[2] ?? '']
    const words = shellWords(part.replace(/\s+[12&]?>\s*\/dev\/null(\s+2>&1)?/g, '').trim())
    return words?.map(back) ?? refuse('is more than plain commands, one after the other')
  }
  const whole = masked.replace(/\\\n/g, ' ').trim()
  if (!shell) return [cut(whole)]
  return whole
    .split(/\n|&&|;/)
    .map((part) => part.trim())
    .filter((part) => part !== '' && !part.startsWith('#') && !/^set -\w+$/.test(part))
    .map((part) => wanted(part.split('||').map(cut)))
    .filter((words) => words.length > 0)
}

/** Of `iptables -C X || iptables -A X` the second; of `COMMAND || true` the first. */
function wanted(parts: readonly (readonly string[])[]): readonly string[] {
  const [one = [], other, third] = parts
  if (other === undefined) return one
  const checks = one.map((word) => (word === '-C' || word === '--check' ? '' : word)).join('\0')
  const does = other.map((word) => (/^(-A|-I|--append|--insert)$/.test(word) ? '' : word))
  if (third === undefined && one.some((word) => /^(-C|--check)$/.test(word)) && checks === does.join('\0')) return other
  return third === undefined && /^(true|:)$/.test(other.join(' ')) ? one : refuse('|| makes what is done depend on the host')
}

function turnWords(words: readonly string[], env: Env): readonly Operation[] {
  const [program = '', ...rest] = words[0] === 'sudo' ? words.slice(1) : words
  const name = program.replace(/^(\/usr)?\/(local\/)?s?bin\//, '')
  const save = /^(ip6?tables-save|netfilter-persistent|service|systemctl)$/.test(name) && isOurs(words.join(' '))
  if (save && /save/.test(words.join(' ')))
    return [{ do: 'note', text: `${words.join(' ')} is not needed: what is held live is held after a reboot, too` }]
  if (name === 'sysctl') return turnSysctlWords(rest, env)
  if (name !== 'iptables' && name !== 'ip6tables')
    return refuse(`only plain iptables, ip6tables and sysctl commands are turned, not ${name}`, program)
  return [turnFilter(rest, name === 'iptables' ? 'ipv4' : 'ipv6')]
}

function turnSysctlWords(words: readonly string[], env: Env): readonly Operation[] {
  const pairs = words.filter((word) => !/^-(w|q|e|-write|-quiet|-ignore)$/.test(word))
  if (words.some((word) => /^(-p.*|--load.*|--system)$/.test(word)))
    return [{ do: 'note', text: `sysctl ${words.join(' ')} is not needed: values are set one by one` }]
  if (pairs.length === 0) return refuse('sets no kernel parameter')
  return pairs.map((pair) => {
    const at = pair.indexOf('=')
    if (at < 1 || pair.startsWith('-')) return refuse(`sysctl ${pair} sets no kernel parameter`, pair)
    const value = pair.slice(at + 1)
    // The tool gives the kernel what is written: `yes` is no number there.
    if (truth(value) !== undefined && !/^[01]$/.test(value)) return refuse(`${value} is no value of a kernel parameter`, pair)
    return setOf(pair.slice(0, at), value, env)
  })
}

const verbs: Readonly<Record<string, string>> = {
  '--append': '-A',
  '--insert': '-I',
  '--delete': '-D',
  '--policy': '-P',
  '--new-chain': '-N',
  '--flush': '-F',
  '--delete-chain': '-X',
}

function turnFilter(words: readonly string[], family: 'ipv4' | 'ipv6'): Operation {
  const rule: string[] = []
  let table = 'filter'
  let verb: string | undefined
  let operands: readonly string[] = []
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    const long = verbs[word] ?? word
    const attached = /^(?:--table=|-t)(\w+)$/.exec(word)?.[1]
    if (attached !== undefined) table = attached
    else if (word === '-t' || word === '--table') table = words[++at] ?? ''
    else if (word === '-w' || word === '--wait') at += /^\d+$/.test(words[at + 1] ?? '') ? 1 : 0
    else if (/^(--wait=\d+|-w\d+|-v|-n|--verbose|--numeric)$/.test(word)) continue
    else if (/^-[AIDPNFX]$/.test(long) && !isText(words[at - 1])) {
      if (verb !== undefined) return refuse(`${verb} and ${long} cannot stand in one command`, word)
      verb = long
      operands = operandsOf(long, words.slice(at + 1))
      at += operands.length
    } else if (/^(-[ZCLSERZ]|--(zero|check|list|list-rules|rename-chain|replace))$/.test(word) && !isText(words[at - 1])) {
      return refuse(
        word === '-C' || word === '-L' || word === '-S' ? `iptables ${word} changes nothing` : `iptables ${word} is not known here`,
        word,
      )
    } else rule.push(word)
  }
  if (!tables.includes(table)) return refuse(`there is no table ${table}`, table)
  return operationOf(verb, operands, rule, { family, table })
}

const tables = ['filter', 'nat', 'mangle', 'raw', 'security']
const isText = (word: string | undefined): boolean => /^--(comment|log-prefix|nflog-prefix|string|hex-string)$/.test(word ?? '')

function operandsOf(verb: string, rest: readonly string[]): readonly string[] {
  const plain = rest.findIndex((word) => /^[-!]/.test(word))
  const words = plain < 0 ? rest : rest.slice(0, plain)
  const most = verb === '-P' || verb === '-I' || verb === '-D' ? 2 : 1
  return words.slice(0, most)
}

function operationOf(
  verb: string | undefined,
  operands: readonly string[],
  words: readonly string[],
  where: Omit<ChainAt, 'chain'>,
): Operation {
  const [chain, second] = operands
  if (chain?.includes('{{')) return refuse('the name of the chain has to be known here', chain)
  if (verb === '-F') return { do: 'flush', ...where, ...(chain !== undefined && { chain }) }
  if (chain === undefined)
    return refuse(verb === undefined ? 'says not what is to be done' : `iptables ${verb} without a chain is not known here`)
  const at = { ...where, chain }
  if (verb === '-P') return { do: 'policy', ...at, policy: second ?? '' }
  if (verb === '-N') return { do: 'make', ...at }
  if (verb === '-X') return { do: 'unmake', ...at }
  if (verb === '-D' && second !== undefined)
    return refuse(`iptables -D ${chain} ${second}: which rule that is, only the host knows`, second)
  if (words.length === 0) return refuse('names no rule')
  const rule = words.map(ruleWord).join(' ')
  if (verb === '-D') return { do: 'take', ...at, rule }
  if (second !== undefined && !/^[1-9]\d*$/.test(second)) return refuse(`${second} is no place of a rule`, second)
  return { do: 'put', ...at, rule, at: verb === '-A' ? 'end' : Number(second ?? 1) }
}

/** A word of a rule as a playbook here takes it: names of variables as they are, all else for a shell. */
function ruleWord(word: string): string {
  if (/^\{\{[^{}]*\}\}$/.test(word)) return word
  if (/\{[{%#]/.test(word) && word.includes("'")) return refuse('a quote and a variable in one word cannot be kept', word)
  return joinShell([word])
}
