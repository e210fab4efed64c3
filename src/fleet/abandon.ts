/** What `work` brings; but once `abort` is aborted and `grace` milliseconds have gone, what `otherwise` says. */
export async function orAbandoned<T>(work: Promise<T>, abort: AbortSignal, grace: number, otherwise: () => T): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  let onAbort = (): void => {}
  const abandoned = new Promise<T>((resolve) => {
    onAbort = () => {
      timer = setTimeout(() => resolve(otherwise()), grace)
    }
  })
  if (abort.aborted) onAbort()
  else abort.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, abandoned])
  } finally {
    clearTimeout(timer)
    abort.removeEventListener('abort', onAbort)
  }
}
