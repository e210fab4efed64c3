/** True and false as Ansible's modules read them; undefined: neither. */
export function truth(value: unknown): boolean | undefined {
  const text = String(value).toLowerCase()
  if (/^(y|yes|on|1|true|t|1\.0)$/.test(text)) return true
  return /^(n|no|off|0|false|f|0\.0)$/.test(text) ? false : undefined
}
