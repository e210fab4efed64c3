import type { Document, Path } from '../load/document.js'
import { type Files, folderOf, join } from '../load/files.js'
import { hole } from '../load/hole.js'
import { hasTemplate } from '../load/template.js'
import type { Bench, Repository } from './bench.js'
import { maxDepth, walkRole, walkTasks } from './flatten.js'
import { type Fields, isFields, textIn } from './tasks.js'
import { listOf, open, type Visitor } from './visitor.js'

/** Tells a visitor each task of a playbook, those of imported files and roles in their places; false: there is no such file. */
export function walkPlaybook(path: string, files: Files, visitor: Visitor, repository: Repository, from: From = {}): boolean {
  const document = open(path, files, visitor)
  if (!document) return false
  const plays = document.value
  if (plays === hole) return true
  if (!Array.isArray(plays)) {
    visitor.broken([document.problem([], 'is no playbook: a list of plays')])
    return true
  }
  for (const [at, play] of plays.entries()) {
    if (!isFields(play)) visitor.left(document.problem([at], 'is no play: a mapping'), 'play')
    else if (play.import_playbook !== undefined || play['ansible.builtin.import_playbook'] !== undefined)
      importPlaybook(play, at, document, files, visitor, repository, from)
    else walkPlay(play, at, document, files, visitor, repository, from)
  }
  return true
}

type From = Partial<Pick<Bench, 'inner' | 'barrier' | 'depth' | 'tags'>>

function importPlaybook(
  play: Fields,
  at: number,
  document: Document,
  files: Files,
  visitor: Visitor,
  repository: Repository,
  from: From,
): void {
  const key = play.import_playbook === undefined ? 'ansible.builtin.import_playbook' : 'import_playbook'
  const name = play[key]
  const fail = (message: string): void => visitor.left(document.problem([at, key], message), key)
  const depth = (from.depth ?? 0) + 1
  if (typeof name !== 'string' || hasTemplate(name)) {
    fail('which file that is, is known only while Ansible runs')
    return
  }
  if (depth > maxDepth) {
    fail('playbooks import each other without end')
    return
  }
  const path = join(folderOf(document.file), name)
  const barrier =
    play.when === undefined || play.when === true ? from.barrier : { message: `when: of import_playbook ${name} is not known here` }
  const inner = { ...(isFields(play.vars) ? play.vars : {}), ...from.inner }
  const tags = [...(from.tags ?? []), ...listOf(play.tags).map(textIn)]
  if (!walkPlaybook(path, files, visitor, repository, { inner, barrier, depth, tags })) fail(`there is no ${path}`)
}

function walkPlay(play: Fields, at: number, document: Document, files: Files, visitor: Visitor, repository: Repository, from: From): void {
  const root = folderOf(document.file)
  const moving = new Map<string, string>()
  for (const prompt of Array.isArray(play.vars_prompt) ? play.vars_prompt : [])
    if (isFields(prompt)) moving.set(textIn(prompt.name), 'is asked for while Ansible runs')
  const vars: Record<string, unknown> = { ...(isFields(play.vars) ? play.vars : {}) }
  for (const [index, each] of listOf(play.vars_files).entries()) readVars(each, [at, 'vars_files', index], vars)
  function readVars(written: unknown, path: Path, into: Record<string, unknown>): void {
    const found = listOf(written)
      .map(textIn)
      .find((name) => !hasTemplate(name) && files.read(join(root, name)) !== undefined)
    const read = found === undefined ? undefined : open(join(root, found), files, visitor)
    if (read && isFields(read.value)) Object.assign(into, read.value)
    else if (!read || read.value !== null)
      visitor.left(document.problem(path, `no variables could be read from ${listOf(written).map(textIn).join(' or ')}`), 'vars_files')
  }
  const defaults: Record<string, unknown> = {}
  const hosts = play.hosts
  const named = (Array.isArray(hosts) ? hosts : [hosts]).map(textIn)
  const base = named.includes('') ? '' : named.join(':')
  const wrongHosts = base === '' || hasTemplate(base) ? 'hosts: of the play is known only while Ansible runs' : localOf(base)
  const name = typeof play.name === 'string' && !hasTemplate(play.name) ? play.name : ''
  const tags = [...new Set([...(from.tags ?? []), ...listOf(play.tags).map(textIn)])]
  const stopped = wrongHosts ?? (tags.includes('never') ? 'it runs only when its tag is asked for (never)' : undefined)
  const bench: Bench = {
    repository,
    play: { head: { name, vars, defaults }, late: {}, moving },
    document,
    scope: { base, only: [] },
    inner: from.inner ?? {},
    params: {},
    defaults: {},
    tags,
    barrier: from.barrier ?? (stopped === undefined ? undefined : { message: stopped }),
    standing: isFields(play.module_defaults) ? play.module_defaults : {},
    folders: [root],
    depth: from.depth ?? 0,
    root,
  }
  walkTasks(play.pre_tasks, [at, 'pre_tasks'], bench, files, visitor)
  for (const [index, role] of listOf(play.roles).entries()) walkRole(role, [at, 'roles', index], bench, files, visitor)
  walkTasks(play.tasks, [at, 'tasks'], bench, files, visitor)
  walkTasks(play.post_tasks, [at, 'post_tasks'], bench, files, visitor)
  const asked = { message: 'a handler runs only when a task notifies it' }
  walkTasks(play.handlers, [at, 'handlers'], { ...bench, barrier: bench.barrier ?? asked }, files, visitor)
}

function localOf(base: string): string | undefined {
  return /^(localhost|127\.0\.0\.1)$/.test(base)
    ? `${base} is the machine that Ansible runs on: name it in the inventory, and the play by that name`
    : undefined
}
