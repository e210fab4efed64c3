/** Ranges of ports, both ends inclusive. */
export type Ports = readonly (readonly [low: number, high: number])[]

const sides: Readonly<Record<string, 'source' | 'destination'>> = {
  '--sport': 'source',
  '--sports': 'source',
  '--dport': 'destination',
  '--dports': 'destination',
}

/** Whose port an option of tcp, udp or multiport is about; undefined where it is about something else. */
export const sideOf = (name: string): 'source' | 'destination' | undefined => (Object.hasOwn(sides, name) ? sides[name] : undefined)

/** `22`, `1024:65535`, `80,443`; undefined where it is not made of numbers. */
export const parsePorts = (text: string): Ports | undefined => {
  const ranges = text.split(',').map((part) => /^(\d+)(?::(\d+))?$/.exec(part))
  if (ranges.some((range) => !range)) return undefined
  return ranges.map((range) => [Number(range![1]), Number(range![2] ?? range![1])])
}
