import type { Document } from '../load/document.js'
import { whenOf } from './conditions.js'
import type { Env } from './fill.js'
import type { Inventoried } from './inventoried.js'
import { attempt, type Unturned } from './left.js'
import type { Scope } from './scope.js'
import type { Fields, PlayHead } from './tasks.js'

/** What of an Ansible repository is known beside its playbooks. */
export interface Repository {
  readonly inventory: Inventoried
  /** Folders of roles, other than those beside the playbook (`roles_path`). */
  readonly roles: readonly string[]
  /** Variables whose values were written out, and whose they are. */
  readonly taken: Map<string, 'inventory' | 'default'>
}

/** Where a list of tasks stands, and what holds for all of it. */
export interface Bench {
  readonly repository: Repository
  readonly play: { readonly head: PlayHead; readonly late: Record<string, unknown>; readonly moving: Map<string, string> }
  readonly document: Document
  readonly scope: Scope
  /** Of blocks, tasks and roles: what a task sets wins over them. */
  readonly inner: Fields
  /** What wins over what a task sets: the item of a loop, parameters of a role, variables of an include. */
  readonly params: Fields
  /** The defaults of the roles that the tasks stand in. */
  readonly defaults: Fields
  readonly tags: readonly string[]
  readonly barrier: Unturned | undefined
  readonly standing: Fields
  readonly folders: readonly string[]
  readonly depth: number
  /** Of the playbook. */
  readonly root: string
}

/** The scopes in which hosts agree, where they differ in a variable and can be told apart. */
export function partsOf({ apart }: Unturned, { repository, scope }: Bench): readonly Scope[] | undefined {
  return apart === undefined ? undefined : repository.inventory.parts(scope, apart)
}

/** The bench for the hosts that a `when:` holds for: none, one, or one for each part of the hosts; behind a barrier where nobody can tell. */
export function heldBenches(when: unknown, bench: Bench): readonly Bench[] {
  if (when === undefined) return [bench]
  const held = attempt(() => whenOf(when, bench.scope, envOf(bench)))
  if ('value' in held) return held.value === undefined ? [] : [{ ...bench, scope: held.value }]
  const parts = partsOf(held.unturned, bench)
  return parts ? parts.flatMap((scope) => heldBenches(when, { ...bench, scope })) : [{ ...bench, barrier: bench.barrier ?? held.unturned }]
}

/** The variables as they stand at a bench. */
export function envOf({ play, inner, params, defaults, repository, scope }: Bench): Env {
  return {
    inner: { ...inner, ...play.late, ...params },
    play: play.head.vars,
    moving: play.moving,
    defaults: { ...play.head.defaults, ...defaults },
    shared: play.head.defaults,
    said: (name) => repository.inventory.says(scope, name),
    taken: (name, of) => void repository.taken.set(name, of),
  }
}
