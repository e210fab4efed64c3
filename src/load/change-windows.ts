import type { Problem } from '../types.js'
import { type ChangeWindow, readWindow } from '../windows.js'
import type { Host } from './inventory.js'
import { render, type Scope } from './template.js'

/** The two spellings of the variable; the first wins. */
const names = ['holdfast_change_windows', 'change_windows']

/** When a host may be changed by the schedule, from its variables; none = at any time. Without a zone a window is in UTC. */
export function changeWindows(host: Host, scope: Scope, tell: (problem: Problem) => void): readonly ChangeWindow[] {
  const variable = names.map((name) => host.vars.get(name)).find((each) => each !== undefined && each.value !== null)
  if (!variable) return []
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
