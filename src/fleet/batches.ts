/** One batch's size: a number of hosts (0: all that are left), or a share of the fleet. */
export type BatchSize = { readonly hosts: number } | { readonly percent: number }

/** `1,10%,50%` of --serial as sizes; a sentence where a part is neither a number nor a percentage. */
export function readSerial(text: string): readonly BatchSize[] | string {
  const sizes = text.split(',').map((part) => readSize(part.trim()))
  return sizes.some((size) => size === undefined)
    ? `"${text}" is no batch size; write 5, 20% or a list as 1,10%,50%`
    : sizes.map((size) => size!)
}

function readSize(text: string): BatchSize | undefined {
  const found = /^(\d{1,9})(%?)$/.exec(text)
  if (!found) return undefined
  return found[2] ? { percent: Number(found[1]) } : { hosts: Number(found[1]) }
}

/**
 * The fleet cut into batches as Ansible cuts it: a percentage is of the whole fleet, rounded down but at least one host;
 * the list's last size is used until all hosts are taken; a size of 0 takes all that are left (playbook_executor.py, ansible-core 2.14).
 */
export function cutBatches<T>(items: readonly T[], sizes: readonly BatchSize[]): readonly (readonly T[])[] {
  const batches: (readonly T[])[] = []
  for (let at = 0; at < items.length; ) {
    const size = hostsOf(sizes[Math.min(batches.length, sizes.length - 1)], items.length) || items.length
    batches.push(items.slice(at, at + size))
    at += size
  }
  return batches
}

function hostsOf(size: BatchSize | undefined, fleet: number): number {
  if (!size) return 0
  return 'hosts' in size ? size.hosts : Math.floor((size.percent / 100) * fleet) || 1
}
