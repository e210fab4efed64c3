import type { Problem } from '../types.js'
import { type ChangeWindow, readWindow } from '../windows.js'
import type { Host } from './inventory.js'
import { render, type Scope } from './template.js'
import type { Variable, Vars } from './vars.js'

/** The two spellings of the variable; the first wins. */
const names = ['holdfast_change_windows', 'change_windows']

/** Where one place of an inventory may say windows: its variables, or its key `change_windows:`. */
export interface WindowsPlace {
  readonly vars: Vars
  readonly windows?: Variable | undefined
}

/** What the last of these places says of the windows, in Ansible's order of variables; an empty value takes them all away. */
export function windowsSaid(places: readonly WindowsPlace[]): Variable | undefined {
  const said = places.map(({ vars, windows }) => {
    const all = [...names.map((name) => vars.get(name)), windows].filter((each) => each !== undefined)
    return all.find(({ value }) => value !== null) ?? all[0]
  })
  return said.findLast((each) => each !== undefined)
}

/** When a host may be changed by the schedule; none = at any time. Without a zone a window is in UTC. */
export function changeWindows({ windows: variable }: Host, scope: Scope, tell: (problem: Problem) => void): readonly ChangeWindow[] {
  if (!variable || variable.value === null) return []
  const refuse = (message: string, path = variable.path): readonly [] => {
    tell(variable.document.problem(path, message))
    return []
  }
  const rendered = render(variable.value, scope)
  if ('wrong' in rendered) return refuse(rendered.wrong.message)
  const listed = Array.isArray(rendered.value)
  const texts: readonly unknown[] = listed ? rendered.value : [rendered.value]
  return texts.flatMap((text, at) => {
    const path = listed && Array.isArray(variable.value) ? [...variable.path, at] : variable.path
    const window = typeof text === 'string' ? readWindow(text, 'UTC') : 'a change window is text, as Sat 02:00-04:00 Asia/Tokyo'
    return typeof window === 'string' ? refuse(window, path) : [window]
  })
}
