"""A controller far away: far.py ADDRESS MILLISECONDS, run in the lab's controller namespace; prints how it delays (netem or relay) and its pid.

This process moves into a network namespace of its own whose only line, to the namespace that it came from, takes half of the round trip each
way: by netem where the kernel has it, else by a relay of packets between two tun devices. It ends with its stdin.
"""
import collections, fcntl, os, select, struct, subprocess, sys, time

address, half = sys.argv[1], float(sys.argv[2]) / 2000
libc_unshare = getattr(os, 'unshare', None)
if libc_unshare is None:  # Python before 3.12
    import ctypes
    libc_unshare = ctypes.CDLL(None, use_errno=True).unshare


def ip(*lines):
    subprocess.run(['ip', '-batch', '-'], input='\n'.join(lines) + '\n', text=True, check=True)


def has_netem():
    probe = 'ip link add nm0 type dummy && tc qdisc add dev nm0 root netem delay 1ms'
    return subprocess.run(['unshare', '-n', 'sh', '-c', probe], stderr=subprocess.DEVNULL).returncode == 0


def tun(name):
    fd = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, 0x400454CA, struct.pack('16sH22x', name.encode(), 0x0001 | 0x1000))  # TUNSETIFF, IFF_TUN | IFF_NO_PI
    return fd


def near():
    with open('/proc/sys/net/ipv4/ip_forward', 'w') as f:
        f.write('1')
    ip('link set far up txqueuelen 10000', 'route replace %s/32 dev far' % address)


def away():
    ip('link set lo up', 'address add %s/32 dev line' % address, 'link set line up txqueuelen 10000', 'route add default dev line')


def relay(one, other):
    waiting = {one: collections.deque(), other: collections.deque()}
    across = {one: other, other: one}
    while True:
        firsts = [queue[0][0] for queue in waiting.values() if queue]
        timeout = max(0, min(firsts) - time.monotonic()) if firsts else None
        ready = select.select([0, one, other], [], [], timeout)[0]
        now = time.monotonic()
        if 0 in ready and not os.read(0, 100):
            return
        for fd in ready:
            if fd == 0:
                continue
            try:
                while True:
                    waiting[across[fd]].append((now + half, os.read(fd, 65536)))
            except BlockingIOError:
                pass
        for fd, queue in waiting.items():
            while queue and queue[0][0] <= now:
                try:
                    os.write(fd, queue.popleft()[1])
                except (BlockingIOError, OSError):
                    pass  # as a line that is full: the packet is lost


with open('/proc/self/ns/net') as here:
    if has_netem():
        back = '/proc/%d/fd/%d' % (os.getpid(), here.fileno())
        how = 'netem'
        delay = 'netem delay %fms limit 100000' % (half * 1000)
        assert libc_unshare(0x40000000) in (None, 0), 'unshare'
        # both ends know each other: a question for the address would be a round trip of its own
        ip('link add line address 02:00:00:00:00:01 type veth peer name far address 02:00:00:00:00:02 netns %s' % back)
        subprocess.run(['tc', 'qdisc', 'add', 'dev', 'line', 'root'] + delay.split(), check=True)
        away()
        ip('route replace default via 198.51.100.254 dev line onlink', 'neighbour replace 198.51.100.254 lladdr 02:00:00:00:00:02 dev line nud permanent')
        enter = ['nsenter', '--net=' + back]
        subprocess.run(enter + ['tc', 'qdisc', 'add', 'dev', 'far', 'root'] + delay.split(), check=True)
        subprocess.run(enter + ['ip', 'link', 'set', 'far', 'up'], check=True)
        subprocess.run(enter + ['ip', 'route', 'replace', address + '/32', 'dev', 'far'], check=True)
        subprocess.run(enter + ['sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward'], check=True)
        known = ['ip', 'neighbour', 'replace', address, 'lladdr', '02:00:00:00:00:01', 'dev', 'far', 'nud', 'permanent']
        subprocess.run(enter + known, check=True)
        print(how, os.getpid(), flush=True)
        sys.stdin.read()
    else:
        one = tun('far')
        near()
        assert libc_unshare(0x40000000) in (None, 0), 'unshare'
        other = tun('line')
        away()
        print('relay', os.getpid(), flush=True)
        relay(one, other)
