/** `npm run docs`: writes the files that are made from the code. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from '../check/stage.ts'
import { generatedFiles } from './generated.ts'

for (const { path, text } of await generatedFiles()) {
  await writeFile(join(root, path), text)
  console.log(path)
}
