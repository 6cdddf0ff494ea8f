/** Settings of the machine that a kubelet changes for all of it: noted before, put back after. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { changedSettings, state } from './settings.ts'

const record = join(state, 'settings-before.json')
const fileOf = (name: string) => join('/proc/sys', name)

export async function noteSettings(): Promise<void> {
  const before: Record<string, string> = {}
  for (const name of changedSettings) before[name] = await readFile(fileOf(name), 'utf8')
  await writeFile(record, JSON.stringify(before))
}

export async function putBackSettings(): Promise<void> {
  const text = await readFile(record, 'utf8').catch(() => '{}')
  for (const [name, value] of Object.entries(JSON.parse(text) as Record<string, string>))
    await writeFile(fileOf(name), value)
}
