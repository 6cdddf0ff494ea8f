/** `npm run docs`: writes the files that are made from the code; with `--pictures` also the README's picture. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from '../check/stage.ts'
import { generatedFiles } from './generated.ts'

for (const { path, text } of await generatedFiles()) {
  await writeFile(join(root, path), text)
  console.log(path)
}
if (process.argv.includes('--pictures')) {
  const { takePictures } = await import('./pictures.ts')
  await takePictures()
}
