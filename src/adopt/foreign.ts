import { splitLine } from '../resources/iptables/tokens.js'
import type { Line } from '../types.js'

/** Chains that a daemon makes and fills by itself: Docker, fail2ban, Kubernetes and its networks, ufw, libvirt, firewalld, Podman, LXD, sshguard. */
const chains =
  /^(DOCKER|f2b-|fail2ban-|KUBE-|ufw6?-|CNI-|cali-|felix-|LIBVIRT_|FLANNEL-|WEAVE-|CILIUM_|OLD_CILIUM_|ISTIO_|NETAVARK|CATTLE_|sshguard|lxd_|IN_|FWDI_|FWDO_|PRE_|POST_|(INPUT|FORWARD|FORWARD_IN|FORWARD_OUT|OUTPUT|PREROUTING|POSTROUTING)_(direct|ZONES|ZONES_SOURCE|POLICIES_.*)$|(PRE|POST)ROUTING_)/

/** Interfaces that a daemon makes for containers and guests: rules about them come and go with it. */
const interfaces =
  /^(docker\d+|docker_gwbridge|br-[0-9a-f]{12}|virbr\d+|cni\d+|cni-podman\d+|podman\d+|cali[0-9a-f]+|flannel|veth|lxdbr\d+|lxcbr\d+|tap)/

/** Comments that a daemon signs its rules with. */
const comments = /^(kubernetes |cali:|flanneld |CNI |name: "|generated for LXD|WEAVE-)/

/** Whether a daemon made the chain. */
export function isForeignChain(name: string): boolean {
  return chains.test(name)
}

/** Whether a rule belongs to a daemon: it leads into one of its chains, is about one of its interfaces, or is signed by it. */
export function isForeignRule(line: Line): boolean {
  const words = splitLine(line)
  return words.some((word, at) => {
    const before = words[at - 1]
    if (before === '-j' || before === '-g') return isForeignChain(word)
    if (before === '-i' || before === '-o') return interfaces.test(word)
    return before === '--comment' && comments.test(word)
  })
}
