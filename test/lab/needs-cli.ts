/** Installs what the lab needs, or says in one sentence what is missing. */
import { ensureNeeds } from './needs.js'

try {
  await ensureNeeds()
} catch (error) {
  console.error(`holdfast's lab: ${(error as Error).message}`)
  process.exit(1)
}
