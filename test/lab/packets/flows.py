#!/usr/bin/env python3
"""Connections that are opened, left silent, and tried again, all at once.

flows.py SPEC: JSON, a list of {name, server, address, port, client, source, keepalive}; server and client are processes whose network the ends
live in, keepalive is a list of the ends that set SO_KEEPALIVE: ["client", "server"]. Then, by lines on stdin:
  touch        every connection carries a segment to the server and back
  touch NAME   only that one
  keep         every connection carries one twice a second, until `rest`
  probe        each is tried; prints {name: {alive, reset, seconds}}
Each line is answered by one JSON line. The connections end with the program.
"""
import json, socket, sys, threading, time
import net


class Flow:
    def __init__(self, spec):
        self.name = spec['name']
        listener = net.listen(spec['server'], spec['address'], spec['port'])
        self.client = net.tcp(spec['client'], spec['address'])
        self.client.settimeout(5)
        self.client.bind((spec['source'], 0))
        self.client.connect((spec['address'], spec['port']))
        self.server, _ = listener.accept()
        listener.close()
        for end in spec.get('keepalive', []):
            getattr(self, end).setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self.exchange(5)

    def exchange(self, limit):
        self.server.settimeout(limit)
        self.client.settimeout(limit)
        self.client.send(b'again')
        self.server.recv(9)
        self.server.send(b'yes')
        self.client.recv(9)

    def probe(self, into):
        started, reset = time.time(), False
        try:
            self.exchange(2)
            alive = True
        except OSError as error:
            alive, reset = False, isinstance(error, ConnectionError)
        into[self.name] = {'alive': alive, 'reset': reset, 'seconds': round(time.time() - started, 2)}


def settle():
    # The last segment is acknowledged up to 200 ms late; until then connection tracking gives it tcp_timeout_unacknowledged (300 s).
    time.sleep(0.3)


resting = threading.Event()


def keep():
    while not resting.wait(0.5):
        for flow in flows:
            flow.exchange(5)


keeper = threading.Thread(target=keep, daemon=True)
flows = [Flow(spec) for spec in json.loads(sys.argv[1])]
settle()
print(json.dumps([f.name for f in flows]), flush=True)
for line in sys.stdin:
    word, *names = line.split()
    chosen = [f for f in flows if not names or f.name in names]
    if word == 'touch':
        for flow in chosen:
            flow.exchange(5)
        settle()
        print(json.dumps([f.name for f in chosen]), flush=True)
    elif word in ('keep', 'rest'):
        if word == 'keep':
            keeper.start()
        else:
            resting.set()
            keeper.join()
        print(json.dumps(word), flush=True)
    else:
        found = {}
        threads = [threading.Thread(target=f.probe, args=(found,)) for f in chosen]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(json.dumps(found), flush=True)
