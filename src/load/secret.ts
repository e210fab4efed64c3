/** Whether a variable of this name holds what nobody may read: Ansible's passwords, and names that say so themselves. */
export function isSecret(name: string): boolean {
  return /^ansible_.*(pass|password|passphrase|private_key)$/.test(name)
}

const secretEntry =
  /((?:pass|passwd|password|passphrase|secret|token|private_key|api_?key)["']?\s*[:=]\s*)("(?:\\.|[^"\\])*"?|'(?:''|[^'])*'?|[^\s,{}[\]#][^,{}[\]\n]*)/gi

/** A line of a file for people: the values of entries that are named as secrets are stars, of the same length, so that places still fit. */
export function withoutSecrets(line: string): string {
  return line.replace(secretEntry, (_, head: string, value: string) => `${head}${'*'.repeat(value.length)}`)
}
