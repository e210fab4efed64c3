import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A shipped playbook as it stands, comments and all. */
export const playbook = (name: string): string => readFileSync(join(import.meta.dirname, '../../playbooks', `${name}.yaml`), 'utf8')
