"""What the packet tools share: sockets made inside the network namespace of a process, and the kernel's counters there."""
import ctypes, os, socket, struct

_setns = getattr(os, 'setns', None) or ctypes.CDLL(None, use_errno=True).setns  # os.setns: Python 3.12
_home = os.open('/proc/self/ns/net', os.O_RDONLY)


class inside:
    """The network namespace of a process, for as long as the block runs; a socket stays where it was made."""

    def __init__(self, pid):
        self.path = '/proc/%d/ns/net' % int(pid)

    def __enter__(self):
        fd = os.open(self.path, os.O_RDONLY)
        assert _setns(fd, 0x40000000) in (None, 0), 'setns'
        os.close(fd)

    def __exit__(self, *_):
        assert _setns(_home, 0x40000000) in (None, 0), 'setns'


def tcp(pid, address):
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    with inside(pid):
        s = socket.socket(family, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return s


def listen(pid, address, port):
    s = tcp(pid, address)
    s.bind((address, port))
    s.listen(64)
    return s


# linux/tcp.h
REPAIR, REPAIR_QUEUE, QUEUE_SEQ = 19, 20, 21
RECV_QUEUE, SEND_QUEUE = 1, 2


def set_isn(s, isn):
    """The sequence number that the next connect() of a closed socket begins with."""
    s.setsockopt(6, REPAIR, 1)
    s.setsockopt(6, REPAIR_QUEUE, SEND_QUEUE)
    s.setsockopt(6, QUEUE_SEQ, isn)
    s.setsockopt(6, REPAIR, -1)  # off, without a window probe


def sequence(s, queue):
    s.setsockopt(6, REPAIR, 1)
    s.setsockopt(6, REPAIR_QUEUE, queue)
    number = s.getsockopt(6, QUEUE_SEQ) & 0xFFFFFFFF
    s.setsockopt(6, REPAIR_QUEUE, 0)
    s.setsockopt(6, REPAIR, -1)
    return number


def segments_in(s):
    """How many segments came as far as this socket: tcpi_segs_in of TCP_INFO (linux/tcp.h)."""
    return struct.unpack_from('=I', s.getsockopt(6, 11, 192), 140)[0]


def counters(pid):
    """snmp and netstat of a namespace as one mapping: TcpInSegs, TcpExtTCPACKSkippedTimeWait, ..."""
    found = {}
    for name in ('snmp', 'netstat'):
        with open('/proc/%d/net/%s' % (int(pid), name)) as f:
            lines = f.read().splitlines()
        for head, values in zip(lines[::2], lines[1::2]):
            group, names = head.split(':')
            found.update(zip([group + n for n in names.split()], map(int, values.split()[1:])))
    return found


def _checksum(data):
    data += b'\0' * (len(data) % 2)
    total = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def send_segment(pid, source, target, seq, ack, data):
    """One TCP segment (PSH, ACK) by a raw socket; source and target are (address, port)."""
    with inside(pid):
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, 6)
    head = struct.pack('!HHIIBBHHH', source[1], target[1], seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, 5 << 4, 0x18, 65535, 0, 0)
    pseudo = socket.inet_aton(source[0]) + socket.inet_aton(target[0]) + struct.pack('!BBH', 0, 6, len(head) + len(data))
    check = struct.pack('!H', _checksum(pseudo + head + data))
    raw.bind((source[0], 0))
    raw.sendto(head[:16] + check + head[18:] + data, (target[0], 0))
    raw.close()
