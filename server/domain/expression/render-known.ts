/** A task as it is before it starts: what can be known is rendered, what only its start gives stands as what it is. Pure. */
import { ExpressionError } from './cel.ts'
import { asText, evaluate, type Viewer } from './facts.ts'
import type { Render } from './render.ts'
import { parseTemplate } from './template.ts'

/** An expression that cannot be evaluated yet, and why. */
export interface OpenExpression {
  source: string
  why: string
}

/** Stands in the place of an expression. */
export const openMark = (source: string): string => `‹${source.trim()}›`

/** A viewer to whom a task that has not ended gives nothing. @param hasEnded by the task's id */
export const beforeItsStart = (viewer: Viewer, hasEnded: (task: string) => boolean): Viewer => ({
  ...viewer,
  facts: {
    ...viewer.facts,
    task: (id) => {
      if (!hasEnded(id)) throw new ExpressionError(`${id} has not ended`)
      return viewer.facts.task(id)
    },
  },
})

/** Renders what it can, and puts the others in `open`, each once. Throws nothing for a text that is wrong. */
export function renderKnown(open: OpenExpression[]): Render {
  return (viewer, scope, text) => {
    const known = (source: string) => {
      try {
        return evaluate(viewer, scope, source)
      } catch (error) {
        if (!(error instanceof ExpressionError)) throw error
        const [at, why] = [source.trim(), error.message]
        if (!open.some((one) => one.source === at)) open.push({ source: at, why })
        return openMark(source)
      }
    }
    const template = parseTemplate(text)
    if ('unclosed' in template) return text
    if (template.whole !== null) return known(template.whole.source)
    return template.parts
      .map((part) => (part.kind === 'text' ? part.text : asText(known(part.source))))
      .join('')
  }
}
