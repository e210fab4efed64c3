import type { Wrong } from './template.js'

/** Options that belong to the command and not to a rule, and what to write instead (iptables(8), "COMMANDS" and "OTHER OPTIONS"). */
const commandOptions: Readonly<Record<string, string>> = {
  '-A': 'chain: names the chain',
  '--append': 'chain: names the chain',
  '-I': 'chain: names the chain, place: first, after: or before: the position',
  '--insert': 'chain: names the chain, place: first, after: or before: the position',
  '-R': 'a rule is replaced by its id',
  '--replace': 'a rule is replaced by its id',
  '-D': 'write state: absent beside rule:',
  '--delete': 'write state: absent beside rule:',
  '-C': 'whether a rule is there is always looked at',
  '--check': 'whether a rule is there is always looked at',
  '-t': 'write table: beside rule:',
  '--table': 'write table: beside rule:',
  '-P': 'write policy: of an entry of chains:',
  '--policy': 'write policy: of an entry of chains:',
  '-N': 'chains are made by chains:',
  '--new-chain': 'chains are made by chains:',
  '-X': 'chains are removed by leaving them out of chains:',
  '--delete-chain': 'chains are removed by leaving them out of chains:',
  '-E': 'chains are named in chains:',
  '--rename-chain': 'chains are named in chains:',
  '-F': 'rules are removed by leaving them out',
  '--flush': 'rules are removed by leaving them out',
  '-L': 'it lists rules',
  '--list': 'it lists rules',
  '-S': 'it lists rules',
  '--list-rules': 'it lists rules',
  '-Z': 'counters are never set',
  '--zero': 'counters are never set',
  '-c': 'counters are never set',
  '--set-counters': 'counters are never set',
  '-4': 'write family: ipv4 beside rule:',
  '--ipv4': 'write family: ipv4 beside rule:',
  '-6': 'write family: ipv6 beside rule:',
  '--ipv6': 'write family: ipv6 beside rule:',
  '-w': 'the lock is always waited for',
  '--wait': 'the lock is always waited for',
  '-W': 'the lock is always waited for',
  '--wait-interval': 'the lock is always waited for',
  '-n': 'it is for listing',
  '--numeric': 'it is for listing',
  '-v': 'it is for listing',
  '--verbose': 'it is for listing',
  '-x': 'it is for listing',
  '--exact': 'it is for listing',
  '--line-numbers': 'it is for listing',
  '--modprobe': 'modules are looked after by themselves',
  '-M': 'modules are looked after by themselves',
}

/** Options whose value is free text: it may begin with a dash and be empty. The longest that the kernel keeps, in bytes (iptables 1.8.9 cuts without a word). */
const freeText: Readonly<Record<string, number>> = {
  '--comment': 255,
  '--log-prefix': 29,
  '--nflog-prefix': 63,
  '--string': 128,
  '--hex-string': 1024,
}

const interfaces = new Set(['-i', '--in-interface', '-o', '--out-interface', '--physdev-in', '--physdev-out'])
const bytes = new TextEncoder()

/** What is wrong with the words of one rule, wherever it is used. */
export function checkWords(words: readonly string[]): readonly Wrong[] {
  const wrong: Wrong[] = []
  const [first = ''] = words
  if (first !== '' && !/^[-!]/.test(first))
    wrong.push({ message: `a rule begins with an option, as -p or -s (begins with ${JSON.stringify(first)})`, needle: first })
  if (words.some((word, at) => word === '#' && !Object.hasOwn(freeText, words[at - 1] ?? '')))
    wrong.push({ message: 'what follows # is no comment in a rule: write --comment', needle: '#' })
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    const before = words[at - 1] ?? ''
    const message = !Object.hasOwn(freeText, before) ? optionWrong(word, before) : textWrong(before, word)
    const control = controlWrong(word)
    if (control ?? message) wrong.push({ message: control ?? message ?? '', needle: word })
  }
  const last = words.at(-1) ?? ''
  if (Object.hasOwn(freeText, words.at(-2) ?? '')) return wrong
  if (Object.hasOwn(freeText, last) || needsValue.has(last) || last === '!')
    wrong.push({ message: `${last} has no value behind it`, needle: last })
  return wrong
}

const needsValue = new Set([
  '-p',
  '-s',
  '-d',
  '-i',
  '-o',
  '-j',
  '-g',
  '-m',
  '--protocol',
  '--source',
  '--src',
  '--destination',
  '--dst',
  '--dport',
  '--sport',
  '--match',
  '--jump',
  '--goto',
])

function controlWrong(word: string): string | undefined {
  if (/[\r\n]/.test(word)) return 'a line break cannot stand in a rule: it would cut the saved rule in two'
  return /[\0-\x1f\x7f]/.test(word) ? `a control character cannot stand in a rule: ${JSON.stringify(word)}` : undefined
}

function optionWrong(word: string, before: string): string | undefined {
  const head = word.startsWith('--') ? word.replace(/=.*$/s, '') : /^-[A-Za-z0-9]/.test(word) ? word.slice(0, 2) : word
  const instead = Object.hasOwn(commandOptions, head) ? commandOptions[head] : undefined
  if (instead !== undefined && !(/^-[0-9]/.test(word) && word.length > 2)) return `${head} does not belong in a rule: ${instead}`
  if (interfaces.has(before) && bytes.encode(word).length > 15) return `${word} is longer than the 15 bytes of an interface's name`
  if ((before === '-j' || before === '-g' || before === '--jump' || before === '--goto') && bytes.encode(word).length > 28) {
    return `${word} is longer than the 28 bytes of a chain's name`
  }
  return undefined
}

function textWrong(option: string, word: string): string | undefined {
  const most = freeText[option] ?? 0
  const length = bytes.encode(word).length
  if (length > most) return `${option} takes ${most} bytes, this is ${length}`
  if (option === '--comment' && word.startsWith('holdfast:'))
    return 'a comment that begins with holdfast: is how own rules are known: it cannot be written by hand'
  return undefined
}
