import { connect, createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

/**
 * A program: TCP relays that do to connections what networks do. Arguments: `ADDRESS` of each host, in order; prints the ports, one line.
 * Then it obeys lines `INDEX VERB [NUMBER]`, and answers each with a line: `open`, `cut` (those there are), `block` (those, and new ones),
 * `freeze` (nothing goes through), `mute` (new ones are taken, and get no answer), `babble` (new ones get endless noise), `delay MS`.
 */
interface Line {
  mode: string
  delay: number
  readonly sockets: Set<Socket>
}

const lines = process.argv.slice(2).map((): Line => ({ mode: 'open', delay: 0, sockets: new Set() }))

const serve = (address: string, line: Line): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer((client) => {
      if (line.mode === 'block') return void client.destroy()
      line.sockets.add(client.on('error', () => {}).on('close', () => line.sockets.delete(client)))
      if (line.mode === 'mute') return
      if (line.mode === 'babble') {
        const noise = setInterval(() => client.write('noise '.repeat(5000)), 5)
        return void client.on('close', () => clearInterval(noise))
      }
      const host = connect(22, address).on('error', () => client.destroy())
      line.sockets.add(host.on('close', () => line.sockets.delete(host)))
      pipe(client, host, line)
      pipe(host, client, line)
    })
    server.listen(0, '198.18.0.1', () => resolve((server.address() as { port: number }).port))
  })

const pipe = (from: Socket, to: Socket, line: Line): void => {
  const later = (act: () => void): void => void (line.delay > 0 ? setTimeout(act, line.delay) : act())
  from.on('data', (chunk) => later(() => void (line.mode === 'freeze' || to.destroyed || to.write(chunk))))
  from.on('close', () => later(() => line.mode === 'freeze' || to.destroy()))
}

console.log((await Promise.all(process.argv.slice(2).map((address, index) => serve(address, lines[index]!)))).join(' '))

createInterface(process.stdin).on('line', (text) => {
  const [index, verb, number] = text.split(' ')
  const line = lines[Number(index)]!
  if (verb === 'delay') line.delay = Number(number)
  else if (verb !== 'cut') line.mode = verb!
  if (verb === 'cut' || verb === 'block') for (const socket of line.sockets) socket.destroy()
  console.log('done')
})
process.stdin.on('close', () => process.exit(0))
