/** `npm run agent -- FOLDER`: what the agent's image is built from. */
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { agentBundle } from './agent-bundle.ts'

const [folder, ...rest] = process.argv.slice(2)
if (folder === undefined || folder.startsWith('-') || rest.length > 0) {
  console.error('usage: npm run agent -- FOLDER')
  process.exit(1)
}
await mkdir(folder, { recursive: true })
await writeFile(join(folder, 'agent.mjs'), await agentBundle())
await copyFile(join(import.meta.dirname, 'agent.Dockerfile'), join(folder, 'Dockerfile'))
console.log(
  `wrote ${join(folder, 'Dockerfile')} and ${join(folder, 'agent.mjs')}: docker build -t IMAGE ${folder}`,
)
