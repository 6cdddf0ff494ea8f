/** Where the product is tried with its outputs and logs in a bucket: a site, a real S3 server, and a proxy before it. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { logChunks } from '#db/queries/log.ts'
import { readLines } from '#server/storage/logs/log-reader.ts'
import { S3Store } from '#server/storage/stores/s3/s3-store.ts'
import { S3Proxy } from '#server/testing/s3-proxy.ts'
import { S3Server } from '#server/testing/s3-server.ts'
import type { Closers } from './closers.ts'
import { openSite, type Site } from './fleet-site.ts'

/** ms: far longer than a worker on a slow machine lets its lease wait. */
const longLease = 30_000
const prefix = 'fleet'

const task = (head: string, retries: number, script: string) =>
  `\`\`\`yaml task\n${head}\ninfrastructure_retries: ${retries}\n\`\`\`\n\`\`\`bash script\nset -e\necho "$DAGBOK_ATTEMPT_ID $(date +%s%N)" >> "$DAGBOK_PARAM_LEDGER"\n${script}\n\`\`\`\n`

/** An output in parts and one in one request, which belong together; and a reader that would see a hole. */
export const writesAndReads = (retries: number) => `---
dagbok: 1
id: fleet
params:
  ledger: {type: string}
---

${task('id: write\noutputs: {big: big.bin, sum: sum.txt}', retries, 'seq 1 2000\ncd "$DAGBOK_OUT"\nhead -c 12000000 /dev/urandom > big.bin\nsha256sum < big.bin > sum.txt')}
${task('id: read\nneeds: [write]\ninputs: {big: "${{ tasks.write.outputs.big }}", sum: "${{ tasks.write.outputs.sum }}"}', retries, 'sha256sum < "$DAGBOK_IN_BIG" | cmp - "$DAGBOK_IN_SUM"')}
`

export interface Ground extends Site {
  server: S3Server
  proxy: S3Proxy
  /** The bucket, without the proxy. */
  store: S3Store
}

interface Wanted {
  notebook: string
  workers: number
  /** ms that a call of the store is tried for. */
  storeMs?: number
}

export async function openGround(
  closers: Closers,
  { notebook, workers, storeMs = 8000 }: Wanted,
): Promise<Ground> {
  const server = await S3Server.open()
  closers.add(() => server.close())
  const proxy = await S3Proxy.lay(server.port)
  closers.add(() => proxy.close())
  const env = {
    ...server.env(prefix, proxy.port),
    DAGBOK_TEST_STORE_MS: String(storeMs),
    DAGBOK_TEST_STORE_SLOWEST: '20000',
  }
  const site = await openSite({ notebook, workers, leaseMs: longLease, env })
  closers.add(() => site.close())
  const patience = { callMs: 10_000, tryMs: 5000, slowest: 20_000 }
  const store = new S3Store({ address: server.address(prefix), keys: server.keys, patience }, 'test')
  return { ...site, server, proxy, store }
}

/** Parts of uploads, and what was brought together and not copied to its place. */
export const incoming = async ({ store, server }: Ground): Promise<string[]> => {
  const objects = await server.objects(`${prefix}/incoming/`)
  const gone = await store.forgetUnfinished(-60_000)
  return gone === 0 ? [] : [`${gone} unfinished`, ...objects]
}

/** What is wrong with what is shown: an output is there whole, and an attempt that succeeded has all of them, and its log. */
export async function judgeOutputs({ db, server, store }: Ground): Promise<string[]> {
  const outputs = await db.client<{ name: string; hash: string; size: string; state: string }[]>`
    select o.name, o.hash, o.size::text, a.state::text from output o join attempt a on a.id = o.attempt_id`
  const faults: string[] = []
  for (const { name, hash, size, state } of outputs) {
    const bytes = await readFile(server.file(`${prefix}/blobs/${hash.slice(0, 2)}/${hash}`)).catch(() => null)
    if (bytes === null) faults.push(`output ${name} is shown, and is not there (R13)`)
    else if (bytes.byteLength !== Number(size) || createHash('sha256').update(bytes).digest('hex') !== hash)
      faults.push(`output ${name} is shown, and is not whole (R13)`)
    if (state !== 'succeeded') faults.push(`output ${name} is shown of an attempt that ${state} (R13)`)
  }
  const wrote = await db.client<{ id: string; n: number }[]>`
    select a.id, (select count(*) from output o where o.attempt_id = a.id)::int as n
    from attempt a join task_run t on t.id = a.task_run_id where a.state = 'succeeded' and t.task = 'write'`
  for (const { id, n } of wrote) {
    if (n !== 2) faults.push(`attempt ${id} succeeded without all of its outputs (R13)`)
    const { lines } = await readLines(store, await logChunks(db, id), 0, 5000)
    if (lines.filter((line) => /^\d+$/.test(line)).join() !== numbers)
      faults.push(`attempt ${id} succeeded, and its log has a hole (R8)`)
  }
  return faults
}
const numbers = Array.from({ length: 2000 }, (_, i) => i + 1).join()
