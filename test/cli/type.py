# Types lines into a shell on a terminal of its own, each ended by TAB and RETURN, and waits for its prompt before the next.
# Usage: type.py FOLDER SHELL [WORD...]; the lines come as a JSON list on stdin. What the terminal showed goes to stdout.
import fcntl, json, os, pty, select, struct, sys, termios, time

folder, shell = sys.argv[1], sys.argv[2:]
lines = json.load(sys.stdin)
pid, terminal = pty.fork()
if pid == 0:
    os.chdir(folder)
    os.execvp(shell[0], shell)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', 50, 200, 0, 0))
shown = b''


def wait(prompts):
    global shown
    end = time.time() + 20
    while time.time() < end:
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                shown += os.read(terminal, 65536)
            except OSError:
                return
        elif shown.count(b'READY>') >= prompts:
            return


wait(1)
for line in lines:
    before = shown.count(b'READY>')
    os.write(terminal, line.encode() + b'\t')
    # what is completed is drawn before the line ends
    quiet = time.time() + 0.3
    while time.time() < quiet or os.path.exists(os.path.join(folder, 'asking')):
        if select.select([terminal], [], [], 0.05)[0]:
            shown += os.read(terminal, 65536)
            quiet = max(quiet, time.time() + 0.15)
    before = shown.count(b'READY>')
    os.write(terminal, b'\r')
    wait(before + 1)
os.write(terminal, b'exit\r')
time.sleep(0.2)
os.close(terminal)
sys.stdout.buffer.write(shown)
