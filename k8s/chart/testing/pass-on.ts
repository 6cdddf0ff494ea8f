/** Lets pods reach a server of this machine that only the machine itself reaches. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export interface PassedOn {
  port: number
  close: () => void
}

/** @param host an address of this machine. @param to a port of loopback, or a socket */
export async function passOn(host: string, to: { port: number } | { path: string }): Promise<PassedOn> {
  const open = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(to)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one)
      one.on('error', () => other.destroy())
      one.once('close', () => open.delete(one))
      one.pipe(other)
    }
  })
  server.listen(0, host)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close()
      for (const one of open) one.destroy()
    },
  }
}
