"""Runs many command lines of Ansible's tools in one process, each in a child of its own: importing Ansible is what takes the time.

Reads a JSON list of {argv, cwd} on stdin, prints a JSON list of {code, out, err}."""
import json, os, sys, tempfile

from ansible.cli.adhoc import AdHocCLI
from ansible.cli.inventory import InventoryCLI
from ansible.cli.vault import VaultCLI

tools = {'ansible-inventory': InventoryCLI, 'ansible': AdHocCLI, 'ansible-vault': VaultCLI}


def run(case):
    out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        os.chdir(case['cwd'])
        code = 1
        try:
            code = tools[case['argv'][0]](case['argv']).run() or 0
        except SystemExit as error:
            code = error.code
        except BaseException as error:
            sys.stderr.write('%s\n' % error)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    out.seek(0)
    err.seek(0)
    return {'code': code, 'out': out.read().decode(), 'err': err.read().decode()}


json.dump([run(case) for case in json.load(sys.stdin)], sys.stdout)
