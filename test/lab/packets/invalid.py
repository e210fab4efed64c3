#!/usr/bin/env python3
"""Segments that connection tracking calls INVALID: how many does the server's TCP get to see?

invalid.py SERVER_PID SERVER_ADDRESS PORT CLIENT_PID CLIENT_ADDRESS window|moved
window: 5 segments far outside of the window. moved: the connection's entry is deleted, as if a balancer had moved the connection here; the
client sends 7 bytes. Prints one JSON line: sent, arrived (segments, or bytes that the server read).
"""
import json, random, subprocess, sys, time
import net

server, address, port, client, source, mode = sys.argv[1:7]
port, sport = int(port), random.randrange(20000, 32000)
listener = net.listen(server, address, port)
c = net.tcp(client, source)
c.bind((source, sport))
c.settimeout(5)
c.connect((address, port))
a, _ = listener.accept()
c.send(b'x' * 10)
a.recv(10)
time.sleep(0.1)
if mode == 'window':
    seq, ack = net.sequence(c, net.SEND_QUEUE), net.sequence(c, net.RECV_QUEUE)
    before = net.segments_in(a)
    for _ in range(5):
        net.send_segment(client, (source, sport), (address, port), seq + 200_000_000, ack, b'zzzz')
    time.sleep(0.3)
    print(json.dumps({'sent': 5, 'arrived': net.segments_in(a) - before}))
else:
    flow = ['-s', source, '-d', address, '--sport', str(sport), '--dport', str(port)]
    with net.inside(server):
        subprocess.run(['conntrack', '-D', '-p', 'tcp', *flow], check=True, capture_output=True)
    c.send(b'M' * 7)
    a.settimeout(1.5)
    try:
        arrived = len(a.recv(99))
    except OSError:
        arrived = 0
    print(json.dumps({'sent': 7, 'arrived': arrived}))
