/** For tests: a task that tries all it must not reach of the product that runs it, and tells how far it came. */
import { chmod, readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Product } from '../../e2e/fixtures/product.ts'
import { cloneRepository } from '../../e2e/fixtures/repository.ts'
import { runToEnd } from '../../e2e/fixtures/runs.ts'

/** Each path: `reached`, or the code of the error that kept it away. */
type Tried = Record<string, string>

interface Told {
  uid: number
  read: Tried
  written: Tried
  called: Tried
  /** Processes of others whose environment it could read, and found a key in. */
  keys: string[]
  /** Its own environment, and every command line of the machine. */
  words: string
}

const script = `const { appendFileSync, readdirSync, readFileSync, statSync, writeFileSync } = require("fs")
const { env } = process
const { read, written, called } = JSON.parse(env.DAGBOK_PARAM_TRIES)
const attempt = (work) => { try { work(); return "reached" } catch ({ code }) { return code } }
const open = (path) => attempt(() => statSync(path).isDirectory() ? readdirSync(path) : readFileSync(path))
const put = (path) => attempt(() => appendFileSync(path, ""))
const call = (path) => new Promise((done) => require("net").connect(path)
  .on("connect", () => done("reached")).on("error", ({ code }) => done(code)))
const each = (paths, work) => Object.fromEntries(paths.map((path) => [path, work(path)]))
const text = (path) => { try { return readFileSync(path, "latin1") } catch { return "" } }
const pids = readdirSync("/proc").filter((name) => Number(name) > 0)
const keys = pids.filter((pid) => text("/proc/" + pid + "/environ").includes("NEXTAUTH_SECRET="))
const words = [JSON.stringify(env), ...pids.map((pid) => text("/proc/" + pid + "/cmdline"))].join(" ")
Promise.all(called.map(async (path) => [path, await call(path)])).then((answers) => {
  const told = { uid: process.getuid(), read: each(read, open), written: each(written, put), called: Object.fromEntries(answers), keys, words }
  writeFileSync(env.DAGBOK_OUT + "/told.json", JSON.stringify(told))
})`
const fence = '```'
const notebook = `---
dagbok: 1
id: reach
params: {tries: {type: object}}
---

${fence}yaml task
id: try
outputs: {told: told.json}
${fence}
${fence}javascript script
${script}
${fence}
`

export interface Reach {
  told: Told
  /** What no task may be told. */
  secrets: string[]
  /** What lies in the product's folders, by path: its permissions. */
  modes: Record<string, number>
}

/** Of one running product. Its data folder, and the one above, are opened to everyone: what is inside must do without. */
export async function reachOf(product: Product, attempts: readonly string[]): Promise<Reach> {
  const { data, runtime, readyFile } = product.places
  for (const path of [data, dirname(data)]) await chmod(path, 0o755)
  const inside = async (folder: string) => (await readdir(folder)).map((name) => join(folder, name))
  const own = [...new Set([...(await inside(data)), ...(await inside(runtime))])]
  const entries = await Promise.all(own.map(async (path) => ({ path, entry: await stat(path) })))
  const modes = Object.fromEntries(entries.map(({ path, entry }) => [path, entry.mode & 0o777]))
  const sockets = [join(runtime, 'desk/desk.sock'), join(runtime, 'postgres/socket/.s.PGSQL.5432')]
  for (const path of sockets) await stat(path)
  const tries = {
    read: [...own, readyFile, ...attempts.map((id) => join(runtime, 'attempts', id))],
    written: [
      ...entries.map(({ path, entry }) => (entry.isDirectory() ? join(path, 'mine') : path)),
      ...[data, runtime].map((path) => join(path, 'mine')),
    ],
    called: sockets,
  }
  const copy = await cloneRepository(product.ready, 'reach')
  await copy.write('reach/reach.dag.md', notebook)
  await copy.push('First')
  await copy.remove()
  const { id } = await runToEnd(product, 'main/reach/reach', { tries })
  const told = await product.api<Told>(`/runs/${id}/tasks/try/outputs/told`)
  const secrets = await Promise.all(
    [join(data, 'session-secret'), join(data, 'secrets-key'), join(runtime, 'postgres/password')].map(
      (path) => readFile(path, 'utf8'),
    ),
  )
  return { told, modes, secrets: [...secrets, product.ready.apiToken] }
}
