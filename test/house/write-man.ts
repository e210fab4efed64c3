// `npm run man`: writes docs/holdfast.1 anew.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { manual } from './man.js'
import { root } from './sources.js'

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
writeFileSync(join(root, 'docs/holdfast.1'), manual(version))
