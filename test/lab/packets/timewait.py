#!/usr/bin/env python3
"""A client uses its port again while the server still keeps that connection in TIME_WAIT: does it connect?

timewait.py SERVER_PID SERVER_ADDRESS PORT CLIENT_PID CLIENT_ADDRESS TIMEOUT
Prints one JSON line: connected, seconds, and what the kernels counted. The second SYN's sequence number is lower than the first
connection's, which is what makes the server answer with an ACK; TCP_REPAIR on a closed socket sets it.
"""
import json, random, sys, time
import net

server, address, port, client, source, timeout = sys.argv[1:7]
port, sport = int(port), random.randrange(20000, 32000)


def connect(isn, limit):
    s = net.tcp(client, source)
    net.set_isn(s, isn)
    s.bind((source, sport))
    s.settimeout(limit)
    with net.inside(client):
        s.connect((address, port))
    return s


listener = net.listen(server, address, port)
first = connect(500000000, 5)
accepted, _ = listener.accept()
accepted.close()  # the server closes first: TIME_WAIT is on its side
time.sleep(0.1)
first.recv(1)
first.close()
time.sleep(0.1)
before, started = (net.counters(server), net.counters(client)), time.time()
print('waiting', flush=True)
try:
    connect(499000000, float(timeout))
    connected = True
except OSError:
    connected = False
after = (net.counters(server), net.counters(client))
moved = lambda at: {k: after[at][k] - before[at].get(k, 0) for k in after[at] if after[at][k] != before[at].get(k, 0)}
print(json.dumps({'connected': connected, 'seconds': round(time.time() - started, 2), 'server': moved(0), 'client': moved(1)}))
