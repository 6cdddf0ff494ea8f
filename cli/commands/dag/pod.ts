import { Command } from 'commander'
import type { PodView } from '#server/views/pod.ts'
import { dagPath, taskRunOf, versionOf } from '../../client/addresses.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { sayPod } from '../../print/pod.ts'

export const dagPod = (): Command =>
  new Command('pod')
    .description(
      'The YAML of the pod that a task would be, with the defaults of its params. Of an attempt: `dagbok run view RUN --task TASK --pod`.',
    )
    .argument('<DAG[@VERSION]>')
    .argument('<TASK>', 'TASK[KEY] is an item of a task with a matrix; without a key the first')
    .action(async (text: string, of: string, options: { json?: true }) => {
      const { dag, version } = versionOf(text)
      const { task, key } = taskRunOf(of)
      const path = `${dagPath(dag)}/tasks/${encodeURIComponent(task)}/pod`
      sayPod(await (await signedInClient()).get<PodView>(path, { version, key }), options)
    })
