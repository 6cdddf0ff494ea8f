/** Where in a text that is read somebody pressed, so that its editor opens there. */

/** Both 0-based; the column counts UTF-16 units. */
export interface TextPlace {
  line: number
  column: number
}

export const textStart: TextPlace = { line: 0, column: 0 }

/** In a text drawn as one `.l` a line, its number `.n` left out; the start where a press meets no text. */
export function pressedAt(
  text: Element,
  { clientX, clientY }: { clientX: number; clientY: number },
): TextPlace {
  const caret = document.caretPositionFromPoint?.(clientX, clientY)
  const node = caret?.offsetNode
  const line = (node instanceof Element ? node : node?.parentElement)?.closest('.l')
  if (caret == null || node === undefined || line == null || !text.contains(line)) return textStart
  const before = document.createRange()
  before.setStart(line, 0)
  before.setEnd(node, caret.offset)
  const numbered = line.querySelector('.n')?.textContent.length ?? 0
  return {
    line: [...text.querySelectorAll('.l')].indexOf(line),
    column: Math.max(0, before.toString().replace(/\r?\n$/, '').length - numbered),
  }
}
