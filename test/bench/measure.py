"""Runs a command and writes what it and all its descendants cost: measure.py OUT.json SECONDS COMMAND...

Wall until the command ends. Then what it left behind (an ssh master of ControlPersist) is ended, and its CPU counted too: this process adopts
the orphans (PR_SET_CHILD_SUBREAPER). Peak memory is the tree's proportional set size, sampled, and at least the largest process.
Ended by a signal, or left alone by the bench, it takes all of them along.
"""
import ctypes, json, os, resource, signal, subprocess, sys, threading, time

out, seconds, command = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
prctl = ctypes.CDLL(None, use_errno=True).prctl
assert prctl(36, 1, 0, 0, 0) == 0, 'PR_SET_CHILD_SUBREAPER'
assert prctl(1, signal.SIGTERM, 0, 0, 0) == 0, 'PR_SET_PDEATHSIG'


def descendants():
    children = {}
    for name in os.listdir('/proc'):
        if name.isdigit():
            try:
                with open('/proc/%s/stat' % name) as f:
                    children.setdefault(int(f.read().rpartition(')')[2].split()[1]), []).append(int(name))
            except OSError:
                pass  # gone
    found, rest = [], [os.getpid()]
    while rest:
        for pid in children.get(rest.pop(), []):
            found.append(pid)
            rest.append(pid)
    return found


def pss():
    total = 0
    for pid in descendants():
        try:
            with open('/proc/%d/smaps_rollup' % pid) as f:
                total += next((int(line.split()[1]) for line in f if line.startswith('Pss:')), 0)
        except OSError:
            pass
    return total


peak, ended = 0, threading.Event()


def sample():
    global peak
    pause = 0.1
    while not ended.wait(pause):
        began = time.monotonic()
        peak = max(peak, pss())
        pause = max(0.1, 50 * (time.monotonic() - began))  # at most 2 % of a core


def kill_all(number):
    for pid in descendants():
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def end(number, _):
    while descendants():
        kill_all(signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0] != 0:
                pass
        except ChildProcessError:
            pass
        time.sleep(0.01)
    os._exit(128 + number)


for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, end)
late = threading.Timer(seconds, kill_all, [signal.SIGKILL])
late.daemon = True
late.start()
began = time.monotonic()
child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
sampler = threading.Thread(target=sample, daemon=True)
sampler.start()
while True:
    pid, status = os.wait()
    if pid == child.pid:
        break
wall = time.monotonic() - began
late.cancel()
ended.set()
sampler.join()
kill_all(signal.SIGTERM)
stop = time.monotonic() + 2
while True:
    try:
        if os.waitpid(-1, os.WNOHANG)[0] == 0:
            if time.monotonic() > stop:
                kill_all(signal.SIGKILL)
            time.sleep(0.01)
    except ChildProcessError:
        break
used = resource.getrusage(resource.RUSAGE_CHILDREN)
code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
with open(out, 'w') as f:
    json.dump({
        'code': code,
        'wallMs': wall * 1000,
        'cpuMs': (used.ru_utime + used.ru_stime) * 1000,
        'peakMb': max(peak, used.ru_maxrss) / 1024,
    }, f)
