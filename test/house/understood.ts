import { type Commands, grammarOf } from '../../src/cli/program.js'

/** What the command line makes of words: the command and its options; throws where it refuses them. Nothing is run. */
export async function understood(
  words: readonly string[],
): Promise<{ readonly command: string; readonly options: Readonly<Record<string, unknown>> }> {
  let ran: { command: string; options: Record<string, unknown> } | undefined
  const commands = new Proxy({} as Commands, {
    get:
      (_, command) =>
      async (...given: unknown[]) => {
        ran = { command: String(command), options: given.findLast((each) => typeof each === 'object' && !Array.isArray(each)) as never }
        return 0
      },
  })
  const ignore = (): void => {}
  await grammarOf(commands, ignore, ignore).parseAsync(words, { from: 'user' })
  return ran!
}
