/** Where the desk of the pool listens: a socket in a folder that only the product's user enters. */
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A socket path may have 107 bytes; where the folder's own is longer, one below the temp folder serves. */
export function deskSocket(runtimeFolder: string): { folder: string; path: string } {
  const inside = join(runtimeFolder, 'desk')
  const name = createHash('sha256').update(inside).digest('hex').slice(0, 16)
  const folder =
    Buffer.byteLength(join(inside, 'desk.sock')) <= 107 ? inside : join(tmpdir(), `dagbok-${name}`)
  return { folder, path: join(folder, 'desk.sock') }
}
