/** A place on one of the lab's networks. Net 0 is the bridge, 198.18.0.0/16; net N lies behind the host of number N, 198.19.N.0/24. */
export interface Place {
  /** With the prefix length. */
  readonly address: string
  readonly address6: string
  /** Link-local, given by hand: the kernel's own is not usable for the second or two in which it looks for duplicates. */
  readonly local6: string
  readonly mac: string
}

/** The place `number` of a net; 1 is its gateway. */
export const placeOn = (net: number, number: number): Place => {
  const octets = net === 0 ? [198, 18, number >> 8, number & 255] : [198, 19, net, number]
  const hex = octets.map((octet) => octet.toString(16))
  return {
    address: `${octets.join('.')}/${net === 0 ? 16 : 24}`,
    address6: `${net === 0 ? 'fd00:198:18' : `fd00:198:19:${hex[2]}`}::${number.toString(16)}/64`,
    local6: `fe80::${number.toString(16)}/64`,
    mac: `02:00:${hex.map((octet) => octet.padStart(2, '0')).join(':')}`,
  }
}

/** An address without its prefix length. */
export const bare = (address: string): string => address.slice(0, address.indexOf('/'))

/** `ip -batch` lines for the host that net N lies behind: the bridge that its hosts are wired to. */
export const lan = (net: number): readonly string[] => {
  const { address, address6, local6, mac } = placeOn(net, 1)
  return [
    'link add lan type bridge stp_state 0 forward_delay 0 mcast_snooping 0',
    // a bridge without an address of its own takes another whenever a port comes or goes, and neighbours go stale
    `link set lan addrgenmode none address ${mac}`,
    'link set lan up',
    `address add ${address} dev lan`,
    `address add ${address6} dev lan nodad`,
    `address add ${local6} dev lan nodad`,
  ]
}

/** `ip -batch` lines for the controller: how net N is reached. */
export const routes = (net: number, router: Place): readonly string[] => [
  `route add 198.19.${net}.0/24 via ${bare(router.address)}`,
  `route add fd00:198:19:${net.toString(16)}::/64 via ${bare(router.address6)}`,
]
