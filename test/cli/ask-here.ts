import { askHidden } from '../../src/cli/ask.js'

/** Asks what stands in its arguments, one question after the other, and prints the answers. */
const answers: string[] = []
for (const question of process.argv.slice(2)) answers.push(await askHidden(question).catch((error: Error) => `refused: ${error.message}`))
process.stdout.write(`${JSON.stringify(answers)}\n`)
