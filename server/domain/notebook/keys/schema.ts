/** The published JSON Schema, made of the tables of keys. */
import { name, type Key, type SchemaFragment } from './key.ts'
import { frontMatterKeys } from './front-matter-keys.ts'
import { taskKeys } from './task-keys.ts'

/** `x-*` is anyone's; every other key is in the table. */
function shape(keys: readonly Key[], required: string[]): SchemaFragment {
  const properties = Object.fromEntries(
    keys.map((key) => [
      key.name,
      {
        ...key.schema,
        description: key.isCarried ? key.meaning : `${key.meaning} (Not carried out by this build yet.)`,
      },
    ]),
  )
  return {
    type: 'object',
    properties,
    patternProperties: { '^x-': {} },
    additionalProperties: false,
    required,
  }
}

export const frontMatterSchema = shape(frontMatterKeys, ['dagbok', 'id'])
export const taskSchema = shape(taskKeys, ['id'])
export const testCellSchema: SchemaFragment = {
  type: 'object',
  properties: {
    id: name,
    kind: { type: 'string', enum: ['unit', 'orchestration', 'acceptance'] },
  },
  required: ['id', 'kind'],
}

/** One document for editors: a `.dag.yaml` as a whole, and the parts of a notebook under `$defs`. */
export function publishedSchema(): SchemaFragment {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Dagbok DAG',
    ...frontMatterSchema,
    properties: {
      ...(frontMatterSchema['properties'] as SchemaFragment),
      tasks: { type: 'array', items: { $ref: '#/$defs/task' } },
      tests: { type: 'array', items: { $ref: '#/$defs/test' } },
    },
    $defs: { front_matter: frontMatterSchema, task: taskSchema, test: testCellSchema },
  }
}
