/** A command line as somebody would type it, and a word on what it is for. */
export interface Example {
  readonly line: string
  readonly says: string
}

/** What each command's help ends with. */
export const examples: Readonly<Record<string, readonly Example[]>> = {
  holdfast: [
    { line: 'holdfast validate', says: 'check the files of this folder' },
    { line: 'holdfast plan', says: 'look at the hosts; changes nothing' },
    { line: 'holdfast apply --limit web1', says: 'converge one host' },
    { line: 'holdfast help plan', says: 'the options of a command, by what they are for' },
  ],
  validate: [
    { line: 'holdfast validate', says: 'inventory.yaml and playbooks/*.yaml of this folder' },
    { line: 'holdfast validate -i hosts.ini site.yaml', says: 'an inventory of Ansible, one playbook' },
    { line: 'holdfast validate --json', says: 'every mistake with file, line and column, for an editor or CI' },
  ],
  plan: [
    { line: 'holdfast plan', says: 'all hosts that the playbooks name' },
    { line: "holdfast plan --limit 'web:!web3' --diff", says: 'the group web without web3, with the files line by line' },
    { line: 'holdfast plan -i hosts.ini playbooks/web.yaml -b -K', says: 'through sudo, and its password is asked for' },
    { line: 'holdfast plan --out plan.json --valid-for 4h', says: 'keep it, for holdfast apply plan.json' },
    { line: 'holdfast plan --limit web1 --script', says: 'read what would run on the host' },
  ],
  apply: [
    { line: 'holdfast apply --limit web1', says: 'one host first' },
    {
      line: 'holdfast apply --serial 1,10%,50% --max-fail-percentage 5',
      says: 'then the others in growing batches, and stop when it goes wrong',
    },
    { line: 'holdfast apply --shard 3/8', says: 'the third eighth of a fleet that eight controllers share' },
    { line: 'holdfast apply plan.json --at-window', says: 'a kept plan, once its hosts are in their change windows' },
    { line: 'holdfast apply --cause upgrade', says: 'repair what an upgrade took away, and nothing else' },
  ],
  watch: [
    { line: 'holdfast watch --every 15m', says: 'a run at once, then each quarter of an hour' },
    { line: 'holdfast watch --cron "*/15 2-4 * * sat" --tz Asia/Tokyo', says: 'on Saturday nights in Tokyo' },
    { line: 'holdfast watch --check --listen 127.0.0.1:9477', says: 'change nothing, serve the report page and /metrics' },
    { line: 'holdfast watch --once --every 15m --print-systemd', says: 'a unit and a timer that do it' },
  ],
  report: [
    { line: 'holdfast report --out fleet.html', says: 'one page that needs no network' },
    { line: 'holdfast report --format markdown', says: 'the newest run, for a merge request' },
    { line: 'holdfast report --format prometheus --out holdfast.prom', says: "for node_exporter's textfile collector" },
    { line: 'holdfast report merge shards/ --out fleet.html', says: 'the runs of several controllers as one' },
    { line: 'holdfast report --outliers', says: 'hosts that differ from the others of their group' },
  ],
  'report merge': [
    { line: 'holdfast report merge shards/ --out fleet.html', says: 'shards/ holds the state folders of the controllers' },
    { line: 'holdfast report merge a/.holdfast b/.holdfast --since 4h', says: 'the runs that began within the last four hours' },
    { line: 'holdfast report merge 1.json 2.json --json', says: 'what apply --shard 1/2 --json and --shard 2/2 printed' },
  ],
  diagnose: [
    { line: 'holdfast diagnose', says: 'all hosts of the inventory' },
    { line: 'holdfast diagnose --limit proxy --watch 60', says: 'look twice, a minute apart: what grows is seen, not guessed' },
    { line: 'holdfast diagnose --json', says: 'findings with their evidence and cure, as data' },
  ],
  inventory: [
    { line: 'holdfast inventory --graph', says: 'groups and hosts as a tree' },
    { line: 'holdfast inventory --host web1 -i hosts.ini', says: 'the variables that one host has in the end' },
    { line: 'holdfast inventory --list', says: 'everything as JSON, as ansible-inventory --list has it' },
  ],
  adopt: [
    { line: 'holdfast adopt web1', says: 'what a host holds now, as a playbook' },
    { line: 'holdfast adopt all --out playbooks/adopted.yaml', says: 'keep it: holdfast plan then finds nothing to change' },
    { line: 'holdfast adopt web --exact', says: 'with built-in chains as a whole, so that later additions are seen' },
  ],
  'import-ansible': [
    { line: 'holdfast import-ansible site.yml --out playbooks/site.yaml', says: 'keep it; what was not turned stands in it as comments' },
    { line: 'holdfast import-ansible site.yml | holdfast plan -i hosts.ini -', says: 'what it would change on the hosts, without a file' },
    { line: 'holdfast import-ansible site.yml --json', says: 'the playbook and what was left, as data' },
  ],
  rollback: [
    { line: 'holdfast rollback web1 --list', says: 'the runs that the host keeps' },
    { line: 'holdfast rollback web1 --check', says: 'what taking back its last run would change' },
    { line: 'holdfast rollback web --run 20260112T021500Z-4f2a9c', says: 'take that run back on the whole group' },
  ],
  init: [
    { line: 'holdfast init', says: 'asks for hosts, user and what they shall hold' },
    { line: 'holdfast init --host web1=192.0.2.21 --remedy conntrack-timeout', says: 'the same without questions' },
    { line: 'holdfast init --host web1 --host web2 --user kim', says: 'hosts that ssh knows by name; root through sudo' },
    { line: 'holdfast init --remedy rfc1337', says: 'only the playbook, beside an inventory that is there' },
  ],
  completion: [
    { line: 'source <(holdfast completion bash)', says: 'bash: put this line into ~/.bashrc' },
    { line: 'source <(holdfast completion zsh)', says: 'zsh: put it into ~/.zshrc, below compinit' },
    { line: 'holdfast completion zsh > ~/.zfunc/_holdfast', says: 'zsh, from a folder that is in $fpath' },
    { line: 'holdfast completion fish > ~/.config/fish/completions/holdfast.fish', says: 'fish finds it there by itself' },
  ],
}
