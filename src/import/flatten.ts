import type { Document, Path } from '../load/document.js'
import { type Files, folderOf, join } from '../load/files.js'
import { hole } from '../load/hole.js'
import { hasTemplate } from '../load/template.js'
import { whenOf } from './conditions.js'
import { type Env, fill } from './fill.js'
import { attempt, type Unturned } from './left.js'
import { roundsOf } from './loops.js'
import type { Scope } from './scope.js'
import { type Fields, isFields, known, moduleOf, type PlayHead, shortName, type Task, textIn } from './tasks.js'
import { listOf, open, standingOf, type Visitor } from './visitor.js'

/** Where a list of tasks stands, and what holds for all of it. */
export interface Bench {
  readonly play: { readonly head: PlayHead; readonly late: Record<string, unknown>; readonly moving: Map<string, string> }
  readonly document: Document
  readonly scope: Scope
  readonly inner: Fields
  readonly barrier: Unturned | undefined
  readonly standing: Fields
  readonly folders: readonly string[]
  readonly depth: number
  /** Of the playbook. */
  readonly root: string
}

/** Files that hold each other deeper than this do so without end. */
export const maxDepth = 30

/** Tells each task of a list, those of blocks and included files in their places. */
export function walkTasks(tasks: unknown, path: Path, bench: Bench, files: Files, visitor: Visitor): void {
  if (tasks === undefined || tasks === null || tasks === hole) return
  if (!Array.isArray(tasks)) {
    visitor.left(bench.document.problem(path, 'is no list of tasks'), 'tasks')
    return
  }
  for (const [at, task] of tasks.entries()) {
    if (isFields(task)) walkTask(task, [...path, at], bench, files, visitor)
    else if (task !== hole && task !== null) visitor.left(bench.document.problem([...path, at], 'is no task: a mapping'), 'tasks')
  }
}

function walkTask(task: Fields, path: Path, outer: Bench, files: Files, visitor: Visitor): void {
  const tags = listOf(task.tags).map(textIn)
  const vars = isFields(task.vars) ? task.vars : {}
  const standing = { ...outer.standing, ...(isFields(task.module_defaults) ? task.module_defaults : {}) }
  const bench: Bench = { ...outer, inner: { ...outer.inner, ...vars }, standing, barrier: outer.barrier ?? barrierOf(task, tags) }
  if (task.block !== undefined) {
    walkBlock(task, path, bench, files, visitor)
    return
  }
  const found = moduleOf(task)
  if (!found) {
    visitor.left(bench.document.problem(path, 'names no module, or two'), 'tasks')
    return
  }
  const rounds = attempt(() => roundsOf(task, envOf(bench)))
  if ('unturned' in rounds) {
    round(task, path, { ...bench, barrier: bench.barrier ?? rounds.unturned }, found, files, visitor)
    return
  }
  for (const item of rounds.value) {
    const here = { ...bench, inner: { ...bench.inner, ...item } }
    const held = attempt(() => (task.when === undefined ? here.scope : whenOf(task.when, here.scope, envOf(here))))
    if ('unturned' in held) round(task, path, { ...here, barrier: here.barrier ?? held.unturned }, found, files, visitor)
    else if (held.value !== undefined) round(task, path, { ...here, scope: held.value }, found, files, visitor)
  }
}

function barrierOf(task: Fields, tags: readonly string[]): Unturned | undefined {
  if (tags.includes('never')) return { message: 'it runs only when its tag is asked for (never)' }
  if (task.local_action !== undefined) return { message: 'it runs on another machine (local_action)' }
  if (task.delegate_to !== undefined && !/^\{\{\s*inventory_hostname\s*\}\}$/.test(textIn(task.delegate_to)))
    return { message: 'it runs on another machine (delegate_to)' }
  if (task.run_once === true) return { message: 'it runs on the first host only (run_once)' }
  return task.check_mode === true ? { message: 'it changes nothing (check_mode)' } : undefined
}

function walkBlock(task: Fields, path: Path, bench: Bench, files: Files, visitor: Visitor): void {
  const held = attempt(() => (task.when === undefined ? bench.scope : whenOf(task.when, bench.scope, envOf(bench))))
  if ('value' in held && held.value === undefined) return
  const inside: Bench =
    'unturned' in held ? { ...bench, barrier: bench.barrier ?? held.unturned } : { ...bench, scope: held.value ?? bench.scope }
  walkTasks(task.block, [...path, 'block'], inside, files, visitor)
  const rescue = { ...inside, barrier: inside.barrier ?? { message: 'it runs only when another task has failed (rescue)' } }
  walkTasks(task.rescue, [...path, 'rescue'], rescue, files, visitor)
  walkTasks(task.always, [...path, 'always'], inside, files, visitor)
}

function round(
  task: Fields,
  path: Path,
  bench: Bench,
  { module, written }: { readonly module: string; readonly written: unknown },
  files: Files,
  visitor: Visitor,
): void {
  const short = shortName(module)
  if (typeof task.register === 'string') bench.play.moving.set(task.register, 'is registered while Ansible runs')
  if (short === 'set_fact' || short === 'include_vars') {
    learn(short, written, path, bench, files, visitor)
    return
  }
  if (/^(include|import)_tasks$|^include$/.test(short)) {
    includeTasks(module, written, path, bench, files, visitor)
    return
  }
  if (/^(include|import)_role$/.test(short)) {
    walkRole(written, [...path, module], bench, files, visitor)
    return
  }
  const name = attempt(() => fill(task.name, envOf(bench)))
  const told: Task = {
    play: bench.play.head,
    scope: bench.scope,
    document: bench.document,
    path,
    name: 'value' in name && typeof name.value === 'string' ? name.value : undefined,
    module,
    written,
    env: envOf(bench),
    standing: standingOf(bench.standing, short),
    barrier: bench.barrier,
    folders: bench.folders,
  }
  visitor.task(told, task)
}

function envOf({ play, inner }: Bench): Env {
  return { inner: { ...play.late, ...inner }, play: play.head.vars, moving: play.moving, defaults: play.head.defaults }
}

/** Variables that a task sets: known from here on where they are plain, else known only while Ansible runs. */
function learn(short: string, written: unknown, path: Path, bench: Bench, files: Files, visitor: Visitor): void {
  const sure = bench.barrier === undefined && bench.scope.only.length === 0
  const values = short === 'set_fact' ? written : varsFrom(written, bench, files, visitor)
  if (!isFields(values)) {
    visitor.left(bench.document.problem(path, 'its variables are known only while Ansible runs'), short)
    return
  }
  for (const [name, value] of Object.entries(values)) {
    const read = attempt(() => fill(value, envOf(bench)))
    if (sure && 'value' in read) bench.play.late[name] = read.value
    else {
      delete bench.play.late[name]
      bench.play.moving.set(name, 'is set while Ansible runs')
    }
  }
}

function varsFrom(written: unknown, bench: Bench, files: Files, visitor: Visitor): unknown {
  const name = isFields(written) ? written.file : typeof written === 'string' ? written.replace(/^file=/, '') : undefined
  if (typeof name !== 'string' || hasTemplate(name)) return undefined
  const places = bench.folders.flatMap((folder) => [join(folder, `vars/${name}`), join(folder, name)])
  const found = places.find((place) => files.read(place) !== undefined)
  return found === undefined ? undefined : open(found, files, visitor)?.value
}

function includeTasks(module: string, written: unknown, path: Path, bench: Bench, files: Files, visitor: Visitor): void {
  const fail = (message: string): void => visitor.left(bench.document.problem([...path, module], message), module)
  const name = attempt(() => known(isFields(written) ? written.file : written, envOf(bench)))
  if ('unturned' in name || typeof name.value !== 'string') {
    fail('which file that is, is known only while Ansible runs')
    return
  }
  if (bench.depth > maxDepth) {
    fail('files include each other without end')
    return
  }
  const file = name.value.replace(/^file=/, '')
  const places = [folderOf(bench.document.file), ...bench.folders.flatMap((folder) => [join(folder, 'tasks'), folder])].map((folder) =>
    join(folder, file),
  )
  const place = places.find((each) => files.read(each) !== undefined)
  if (place === undefined) {
    fail(`there is no ${places[0]}`)
    return
  }
  const document = open(place, files, visitor)
  if (document) walkTasks(document.value, [], { ...bench, document, depth: bench.depth + 1 }, files, visitor)
}

/** Tells each task of a role, and of those that it depends on before them. */
export function walkRole(written: unknown, path: Path, outer: Bench, files: Files, visitor: Visitor): void {
  const fields: Fields = isFields(written) ? written : { role: written }
  const name = fields.role ?? fields.name
  const fail = (message: string): void => visitor.left(outer.document.problem(path, message), 'role')
  if (typeof name !== 'string' || hasTemplate(name)) {
    fail('which role that is, is known only while Ansible runs')
    return
  }
  if (outer.depth > maxDepth) {
    fail('roles need each other without end')
    return
  }
  const folder = [join(outer.root, `roles/${name}`), join(outer.root, name), ...outer.folders.map((each) => join(each, `../${name}`))].find(
    (each) => files.list(each) !== undefined,
  )
  if (folder === undefined) {
    fail(`there is no role ${name} in ${join(outer.root, 'roles')}`)
    return
  }
  const part = (place: string): Document | undefined =>
    ['yml', 'yaml']
      .map((end) => join(folder, `${place}.${end}`))
      .flatMap((file) => (files.read(file) === undefined ? [] : [open(file, files, visitor)]))[0]
  const fieldsOf = (document: Document | undefined): Fields => (isFields(document?.value) ? document.value : {})
  for (const [key, value] of Object.entries(fieldsOf(part('defaults/main'))))
    (outer.play.head.defaults as Record<string, unknown>)[key] ??= value
  const params = Object.fromEntries(Object.entries(fields).filter(([key]) => !roleWords.has(key)))
  const inner = { ...fieldsOf(part('vars/main')), ...outer.inner, ...(isFields(fields.vars) ? fields.vars : {}), ...params }
  const bench: Bench = {
    ...outer,
    inner,
    folders: [folder, ...outer.folders],
    barrier: outer.barrier ?? barrierOf(fields, listOf(fields.tags).map(textIn)),
    depth: outer.depth + 1,
  }
  const held = attempt(() => (fields.when === undefined ? bench.scope : whenOf(fields.when, bench.scope, envOf(bench))))
  if ('value' in held && held.value === undefined) return
  const here = 'unturned' in held ? { ...bench, barrier: bench.barrier ?? held.unturned } : { ...bench, scope: held.value ?? bench.scope }
  const meta = part('meta/main')
  for (const [at, each] of listOf(fieldsOf(meta).dependencies).entries())
    walkRole(each, ['dependencies', at], { ...here, document: meta ?? here.document }, files, visitor)
  const from = typeof fields.tasks_from === 'string' ? fields.tasks_from.replace(/\.ya?ml$/, '') : 'main'
  const document = part(`tasks/${from}`)
  if (document) walkTasks(document.value, [], { ...here, document }, files, visitor)
  else if (fields.tasks_from !== undefined) fail(`the role ${name} has no tasks/${from}`)
  const handlers = part('handlers/main')
  const asked = { message: 'a handler runs only when a task notifies it' }
  if (handlers) walkTasks(handlers.value, [], { ...here, document: handlers, barrier: here.barrier ?? asked }, files, visitor)
}

const roleWords = new Set(
  'role name tags when vars become become_user become_method tasks_from vars_from defaults_from handlers_from apply public allow_duplicates delegate_to'.split(
    ' ',
  ),
)
