/** `npm run agent -- FOLDER`: what the agent's image is built from. */
import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { agentFiles, writeAgentFiles } from './agent-bundle.ts'

const [folder, ...rest] = process.argv.slice(2)
if (folder === undefined || folder.startsWith('-') || rest.length > 0) {
  console.error('usage: npm run agent -- FOLDER')
  process.exit(1)
}
await mkdir(folder, { recursive: true })
await writeAgentFiles(join(folder, 'files'), await agentFiles())
await copyFile(join(import.meta.dirname, 'agent.Dockerfile'), join(folder, 'Dockerfile'))
console.log(
  `wrote ${join(folder, 'Dockerfile')} and ${join(folder, 'files')}: docker build -t IMAGE ${folder}`,
)
