/** A component of another repository has the files of its own commit, whoever runs it (N7). */
import { expect, test } from 'vitest'
import { cell, fence, type Trial } from './trial.ts'

export function bringsUsedFiles(trial: Trial): void {
  test('[N7] tasks of a component of another repository find the files beside it, those of the DAG find theirs', async () => {
    const { hosted } = trial.shop
    const parts = await hosted.work('parts', {
      'lib/c.dag.md': trial
        .notebook('c', [
          cell('id: js', 'javascript', 'import { word } from "./word.js"\nconsole.log(word)'),
          `${fence}yaml task\nid: file\nneeds: [js]\nscript: ./tool/run.sh\n${fence}\n`,
        ])
        .replace('id: c\n', 'id: c\nkind: component\ninclude: [../shared/**]\n'),
      'lib/word.js': 'export const word = "theirs"\n',
      'lib/tool/run.sh': 'cat tool/said.txt ../shared/more.txt\n',
      'lib/tool/said.txt': 'said\n',
      'shared/more.txt': 'more\n',
    })
    const sha = await parts.commit('First')
    await parts.git('push', '-q', hosted.remote('parts'), 'main')
    const { id, state } = await trial.run(
      'using',
      [
        `${fence}yaml task\nid: part\nuses: main/parts/lib/c.dag.md@${sha}\n${fence}\n`,
        cell('id: own\nneeds: [part]', 'javascript', 'import { word } from "./word.js"\nconsole.log(word)'),
      ],
      { 'd/word.js': 'export const word = "own"\n' },
    )
    const said = await Promise.all(['part.js', 'part.file', 'own'].map((task) => trial.shop.log(id, task)))
    expect([state, ...said]).toEqual(['succeeded', 'theirs\n', 'said\nmore\n', 'own\n'])
  })
}
