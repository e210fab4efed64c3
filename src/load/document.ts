import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Document as Parsed,
  parseAllDocuments,
  type Scalar,
} from 'yaml'
import type { Problem } from '../types.js'
import { hole } from './hole.js'
import { type Locate, locator } from './locate.js'
import { ambiguity, readCore, readPyYaml } from './scalars.js'
import { type Unvault, vaulted } from './vaulted.js'

/** The way to a value inside a document: `[0, 'iptables', 2, 'rule']`. */
export type Path = readonly (string | number)[]

/** How the file is read: `core` = YAML 1.2 with what readers disagree on refused, `pyyaml` = YAML 1.1 as PyYAML reads it. */
export type Dialect = 'core' | 'pyyaml'

/** Which part of a mapping's entry is meant, and the text inside its source that is to be pointed at. */
export interface Aim {
  readonly at?: 'key' | 'value'
  readonly needle?: string
}

/**
 * A YAML file: its value (mappings have no prototype) and the place of every part of it. Where a part cannot be read the value has a hole;
 * where the whole text cannot be read, it is one.
 */
export interface Document {
  readonly file: string
  readonly value: unknown
  readonly problems: readonly Problem[]
  /** The problem at the place of `path`, or at the nearest part above it that stands in the file. */
  readonly problem: (path: Path, message: string, aim?: Aim) => Problem
}

const maxLength = 16_000_000
const maxDepth = 60
const maxAliased = 100_000
const tooDeep = 'nested too deeply'

/** Reads the text of a YAML file; whatever the text, it comes back, with all that is wrong as problems. */
export function readDocument(file: string, text: string, dialect: Dialect, unvault?: Unvault): Document {
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text
  const locate = locator(file, source)
  const bare = (problems: readonly Problem[]): Document => ({
    file,
    value: hole,
    problems,
    problem: (path, message) => locate(0, path, message),
  })
  if (source.length > maxLength) return bare([locate(0, [], `the file is longer than ${maxLength} characters`)])
  const alien = source.search(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f\uFFFD]/)
  if (alien >= 0) return bare([locate(alien, [], alienMessage(source.charCodeAt(alien)))])
  try {
    return readParsed(file, source, dialect, locate, unvault)
  } catch (error) {
    if (error instanceof RangeError) return bare([locate(0, [], tooDeep)])
    throw error
  }
}

function alienMessage(code: number): string {
  if (code === 0xfffd) return 'holds bytes that are not UTF-8'
  return `holds a control character (U+${code.toString(16).toUpperCase().padStart(4, '0')})`
}

function readParsed(file: string, source: string, dialect: Dialect, locate: Locate, unvault: Unvault | undefined): Document {
  const options = { schema: 'failsafe', uniqueKeys: false, prettyErrors: false, logLevel: 'silent', stringKeys: false } as const
  const all = parseAllDocuments(source, options)
  const documents: readonly Parsed[] = Array.isArray(all) ? all : []
  const [first, second] = documents
  const problems = documents.flatMap((each) => each.errors.map((error) => locate(error.pos[0], [], people(error.message))))
  const context: Context = {
    dialect,
    source,
    problems,
    locate,
    anchors: new Map(),
    built: new Map(),
    aliased: { count: 0, told: false },
    unvault,
  }
  const root = first?.contents
  const broken = problems.length > 0 ? hole : null
  if (second) problems.push(locate(second.range?.[0] ?? 0, [], 'a second document begins here: one file holds one document'))
  const value = broken === null && isNode(root) ? build(root, [], context).value : broken
  const problem = (path: Path, message: string, aim: Aim = {}) => locate(offsetOf(root, path, aim, context), path, message)
  return { file, value, problems, problem }
}

function people(message: string): string {
  // The parser recurses: thousands of brackets end the stack.
  if (message.startsWith('Maximum call stack')) return tooDeep
  return message.charAt(0).toLowerCase() + message.slice(1)
}

interface Built {
  readonly value: unknown
  /** Values that it stands for, those behind aliases counted each time. */
  readonly size: number
}

interface Context {
  readonly dialect: Dialect
  readonly source: string
  readonly problems: Problem[]
  readonly locate: Locate
  readonly anchors: Map<string, Node>
  readonly built: Map<Node, Built>
  readonly aliased: { count: number; told: boolean }
  readonly unvault: Unvault | undefined
}

const nothing: Built = { value: null, size: 1 }
const unread: Built = { value: hole, size: 1 }

function build(node: Node, path: Path, context: Context): Built {
  const refuse = (message: string): Built => {
    context.problems.push(context.locate(node.range?.[0] ?? 0, path, message))
    return unread
  }
  if (isAlias(node)) return buildAlias(node.source, refuse, context)
  if (path.length > maxDepth) return refuse(`nested more than ${maxDepth} deep`)
  const anchor = 'anchor' in node ? node.anchor : undefined
  if (anchor) context.anchors.set(anchor, node)
  if (isScalar(node) && vaultTags.has(node.tag ?? '') && context.dialect === 'pyyaml') {
    const built = { value: vaulted(String(node.value ?? ''), context.unvault), size: 1 }
    if (anchor) context.built.set(node, built)
    return built
  }
  if (node.tag && !coreTags.has(node.tag)) return refuse(`the tag ${node.tag.replace('tag:yaml.org,2002:', '!!')} is not known here`)
  const built = isScalar(node)
    ? buildScalar(node, refuse, context.dialect)
    : isMap(node)
      ? buildMap(node.items, path, context)
      : isSeq(node)
        ? buildSeq(node.items, path, context)
        : nothing
  if (anchor) context.built.set(node, built)
  return built
}

const vaultTags = new Set(['!vault', '!vault-encrypted'])
const coreTags = new Set(['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`))

function buildAlias(name: string, refuse: (message: string) => Built, context: Context): Built {
  const node = context.anchors.get(name)
  if (!node) return refuse(`the alias *${name} has no anchor &${name} above it`)
  const built = context.built.get(node)
  if (!built) return refuse(`the alias *${name} stands inside its own anchor`)
  context.aliased.count += built.size
  if (context.aliased.count <= maxAliased) return built
  if (context.aliased.told) return unread
  context.aliased.told = true
  return refuse(`aliases stand for more than ${maxAliased} values`)
}

function buildScalar(node: Scalar, refuse: (message: string) => Built, dialect: Dialect): Built {
  const text = String(node.value ?? '')
  const tag = node.tag?.replace('tag:yaml.org,2002:', '')
  if (tag === 'str' || (!tag && node.type !== 'PLAIN')) return { value: text, size: 1 }
  const source = tag ? text : (node.source ?? text)
  const doubt = dialect === 'core' && !tag ? ambiguity(source) : undefined
  if (doubt) return refuse(doubt)
  const value = dialect === 'core' ? readCore(source) : readPyYaml(source)
  if (tag && !fits(tag, value)) return refuse(`!!${tag} does not fit ${JSON.stringify(text)}`)
  return { value, size: 1 }
}

function fits(tag: string, value: unknown): boolean {
  if (tag === 'int') return Number.isSafeInteger(value) || /^[-+]?[0-9]+$/.test(String(value))
  if (tag === 'float') return typeof value === 'number'
  if (tag === 'bool') return typeof value === 'boolean'
  return tag === 'null' && value === null
}

function buildSeq(items: readonly unknown[], path: Path, context: Context): Built {
  const parts = items.map((item, index) => (isNode(item) ? build(item, [...path, index], context) : nothing))
  return { value: parts.map((part) => part.value), size: 1 + parts.reduce((sum, part) => sum + part.size, 0) }
}

function buildMap(items: readonly Pair[], path: Path, context: Context): Built {
  const value: Record<string, unknown> = Object.create(null)
  const merged: Record<string, unknown>[] = []
  let size = 1
  for (const { key, value: item } of items) {
    const name = keyText(key, path, context)
    if (name === undefined) {
      value[''] = hole
      continue
    }
    const offset = isNode(key) ? (key.range?.[0] ?? 0) : 0
    const merges = isScalar(key) && key.type === 'PLAIN' && key.value === '<<'
    if (merges && context.dialect === 'core')
      context.problems.push(context.locate(offset, path, '<< is of YAML 1.1 and not read here: write the keys out'))
    const built = isNode(item) ? build(item, [...path, name], context) : nothing
    size += built.size
    if (merges) {
      merged.push(
        ...mergeSources(built.value, () => context.problems.push(context.locate(offset, path, '<< takes a mapping or a list of mappings'))),
      )
    } else if (Object.hasOwn(value, name)) {
      context.problems.push(context.locate(offset, [...path, name], `the key "${name}" stands here twice`))
    } else value[name] = built.value
  }
  for (const source of merged) for (const name of Object.keys(source)) if (!Object.hasOwn(value, name)) value[name] = source[name]
  return { value, size }
}

function mergeSources(value: unknown, refuse: () => void): Record<string, unknown>[] {
  const sources = (Array.isArray(value) ? value : [value]).filter((each) => each !== hole)
  const good = sources.filter((each) => typeof each === 'object' && each !== null && !Array.isArray(each))
  if (good.length < sources.length) refuse()
  return good
}

function keyText(key: unknown, path: Path, context: Context): string | undefined {
  const node = isAlias(key) ? context.anchors.get(key.source) : key
  if (isScalar(node) && String(node.value ?? '') !== '') {
    if (node === key && node.anchor) {
      context.anchors.set(node.anchor, node)
      context.built.set(node, { value: String(node.value), size: 1 })
    }
    return String(node.value)
  }
  const offset = isNode(key) ? (key.range?.[0] ?? 0) : 0
  const braces = context.source.slice(offset - 1, offset + 1) === '{{'
  const message =
    isScalar(node) || node === null
      ? 'a key is empty'
      : braces
        ? 'a value that begins with {{ must be quoted: "{{ name }}"'
        : 'a key must be plain text'
  context.problems.push(context.locate(braces ? offset - 1 : offset, path, message))
  return undefined
}

function offsetOf(root: unknown, path: Path, aim: Aim, context: Context): number {
  let offset = isNode(root) ? (root.range?.[0] ?? 0) : 0
  let node: unknown = root
  for (const [depth, step] of path.entries()) {
    const here: unknown = isAlias(node) ? context.anchors.get(node.source) : node
    if (isMap(here)) {
      const pair = here.items.find(({ key }) =>
        isScalar(key) ? String(key.value) === String(step) : isAlias(key) && keyText(key, [], context) === String(step),
      )
      if (!pair || !isNode(pair.key)) return offset
      offset = pair.key.range?.[0] ?? offset
      if (depth === path.length - 1 && aim.at === 'key') return offset
      if (!isNode(pair.value)) return offset
      node = pair.value
    } else if (isSeq(here)) {
      const item = here.items[Number(step)]
      if (!isNode(item)) return offset
      node = item
    } else return offset
    offset = startOf(node, offset)
  }
  return offset + needleAt(node, aim.needle, context.source)
}

function startOf(node: unknown, fallback: number): number {
  if (!isNode(node) || !node.range) return fallback
  // An empty value has no text of its own: its key is pointed at.
  return isScalar(node) && node.range[0] === node.range[1] ? fallback : node.range[0]
}

function needleAt(node: unknown, needle: string | undefined, source: string): number {
  if (!needle || !(isScalar(node) || isSeq(node)) || !node.range) return 0
  return Math.max(0, source.slice(node.range[0], node.range[1]).indexOf(needle))
}
