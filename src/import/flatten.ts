import type { Document, Path } from '../load/document.js'
import { type Files, folderOf, join } from '../load/files.js'
import { hole } from '../load/hole.js'
import { hasTemplate } from '../load/template.js'
import { type Bench, envOf, heldBenches, partsOf } from './bench.js'
import { anyName, fill } from './fill.js'
import { attempt, type Unturned } from './left.js'
import { roundsOf } from './loops.js'
import { type Fields, isFields, known, moduleOf, shortName, type Task, textIn } from './tasks.js'
import { listOf, open, standingOf, type Visitor } from './visitor.js'

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
  const vars = varsOf(task)
  const standing = { ...outer.standing, ...(isFields(task.module_defaults) ? task.module_defaults : {}) }
  const bench: Bench = {
    ...outer,
    inner: { ...outer.inner, ...vars },
    standing,
    tags: together(outer.tags, tags),
    barrier: outer.barrier ?? barrierOf(task, tags),
  }
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
  const parts = 'unturned' in rounds ? partsOf(rounds.unturned, bench) : undefined
  if (parts) for (const scope of parts) walkTask(task, path, { ...outer, scope }, files, visitor)
  else if ('unturned' in rounds) {
    const stopped = { ...bench, barrier: bench.barrier ?? rounds.unturned }
    for (const here of heldBenches(task.when, stopped)) round(task, path, here, found, files, visitor)
  } else
    for (const item of rounds.value)
      for (const here of heldBenches(task.when, { ...bench, params: { ...bench.params, ...item } }))
        round(task, path, here, found, files, visitor)
}

const varsOf = ({ vars }: Fields): Fields => (isFields(vars) ? vars : {})
const together = (some: readonly string[], others: readonly string[]): readonly string[] => [...new Set([...some, ...others])]

function barrierOf(task: Fields, tags: readonly string[]): Unturned | undefined {
  if (tags.includes('never')) return { message: 'it runs only when its tag is asked for (never)' }
  if (task.local_action !== undefined) return { message: 'it runs on another machine (local_action)' }
  if (task.delegate_to !== undefined && !/^\{\{\s*inventory_hostname\s*\}\}$/.test(textIn(task.delegate_to)))
    return { message: 'it runs on another machine (delegate_to)' }
  if (task.run_once === true) return { message: 'it runs on the first host only (run_once)' }
  return task.check_mode === true ? { message: 'it changes nothing (check_mode)' } : undefined
}

function walkBlock(task: Fields, path: Path, bench: Bench, files: Files, visitor: Visitor): void {
  for (const inside of heldBenches(task.when, bench)) {
    walkTasks(task.block, [...path, 'block'], inside, files, visitor)
    const rescue = { ...inside, barrier: inside.barrier ?? { message: 'it runs only when another task has failed (rescue)' } }
    walkTasks(task.rescue, [...path, 'rescue'], rescue, files, visitor)
    walkTasks(task.always, [...path, 'always'], inside, files, visitor)
  }
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
    includeTasks(module, written, varsOf(task), path, bench, files, visitor)
    return
  }
  if (/^(include|import)_role$/.test(short)) {
    const params = short === 'include_role' ? { ...bench.params, ...varsOf(task) } : bench.params
    walkRole(written, [...path, module], { ...bench, params }, files, visitor)
    return
  }
  const name = attempt(() => fill(task.name, envOf(bench)))
  const told: Task = {
    play: bench.play.head,
    scope: bench.scope,
    tags: bench.tags,
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

/** Variables that a task sets: known from here on where they are plain, else known only while Ansible runs. */
function learn(short: string, written: unknown, path: Path, bench: Bench, files: Files, visitor: Visitor): void {
  const sure = bench.barrier === undefined && bench.scope.only.length === 0
  const values = short === 'set_fact' ? written : varsFrom(written, bench, files, visitor)
  if (!isFields(values)) {
    visitor.left(bench.document.problem(path, 'its variables are known only while Ansible runs'), short)
    bench.play.moving.set(
      anyName,
      `may be set by ${bench.document.file}:${bench.document.problem(path, '').line}, which only Ansible can read`,
    )
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

function includeTasks(module: string, written: unknown, vars: Fields, path: Path, bench: Bench, files: Files, visitor: Visitor): void {
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
  const params = shortName(module) === 'import_tasks' ? bench.params : { ...bench.params, ...vars }
  if (document) walkTasks(document.value, [], { ...bench, params, document, depth: bench.depth + 1 }, files, visitor)
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
  const folder = [
    join(outer.root, `roles/${name}`),
    ...outer.repository.roles.map((each) => join(each, name)),
    ...outer.folders.map((each) => join(each, `../${name}`)),
    join(outer.root, name),
  ].find((each) => files.list(each) !== undefined)
  if (folder === undefined) {
    fail(`there is no role ${name} in ${join(outer.root, 'roles')}`)
    return
  }
  const part = (place: string): Document | undefined =>
    ['yml', 'yaml']
      .map((end) => join(folder, `${place}.${end}`))
      .flatMap((file) => (files.read(file) === undefined ? [] : [open(file, files, visitor)]))[0]
  const fieldsOf = (document: Document | undefined): Fields => (isFields(document?.value) ? document.value : {})
  /** `main` of a folder of the role, or the file that `tasks_from:` and the like name. */
  const chosen = (kind: Kind): Document | undefined => part(`${kind}/${textIn(fields[`${kind}_from`]).replace(/\.ya?ml$/, '') || 'main'}`)
  const gone = kinds.find((kind) => fields[`${kind}_from`] !== undefined && !chosen(kind))
  if (gone !== undefined) {
    fail(`the role ${name} has no ${gone}/${textIn(fields[`${gone}_from`])}`)
    return
  }
  const defaults = fieldsOf(chosen('defaults'))
  for (const [key, value] of Object.entries(defaults)) (outer.play.head.defaults as Record<string, unknown>)[key] ??= value
  const tags = listOf(fields.tags).map(textIn)
  const bench: Bench = {
    ...outer,
    // What stands behind vars: of a role loses to the role's own, measured with ansible-core 2.14.
    inner: { ...varsOf(fields), ...fieldsOf(chosen('vars')), ...outer.inner },
    params: { ...outer.params, ...Object.fromEntries(Object.entries(fields).filter(([key]) => !roleWords.has(key))) },
    defaults: { ...outer.defaults, ...defaults },
    tags: together(outer.tags, tags),
    folders: [folder, ...outer.folders],
    barrier: outer.barrier ?? barrierOf(fields, tags),
    depth: outer.depth + 1,
  }
  const meta = part('meta/main')
  const tasks = chosen('tasks')
  const handlers = chosen('handlers')
  const asked = { message: 'a handler runs only when a task notifies it' }
  for (const here of heldBenches(fields.when, bench)) {
    for (const [at, each] of listOf(fieldsOf(meta).dependencies).entries())
      walkRole(each, ['dependencies', at], { ...here, document: meta ?? here.document }, files, visitor)
    if (tasks) walkTasks(tasks.value, [], { ...here, document: tasks }, files, visitor)
    if (handlers) walkTasks(handlers.value, [], { ...here, document: handlers, barrier: here.barrier ?? asked }, files, visitor)
  }
}

const kinds = ['defaults', 'vars', 'tasks', 'handlers'] as const
type Kind = (typeof kinds)[number]

const roleWords = new Set(
  'role name tags when vars become become_user become_method tasks_from vars_from defaults_from handlers_from apply public allow_duplicates delegate_to'.split(
    ' ',
  ),
)
