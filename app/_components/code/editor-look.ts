import { EditorView } from '@codemirror/view'

/** The editor on the tokens: the same rules in light and dark. */
export const editorLook = EditorView.theme({
  '&': { backgroundColor: 'transparent', color: 'var(--ink)', fontSize: '12.5px' },
  '&.cm-focused': { outline: 'none' },
  '.cm-content': { fontFamily: 'var(--font-mono-stack)', caretColor: 'var(--ink)', padding: '8px 0' },
  '.cm-line': { padding: '0 12px', lineHeight: '20px' },
  '.cm-gutters': {
    fontFamily: 'var(--font-mono-stack)',
    backgroundColor: 'transparent',
    color: 'var(--ink-3)',
    border: 'none',
  },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--accent-soft)', color: 'inherit' },
  '.cm-cursor, .cm-dropCursor': { borderLeftColor: 'var(--ink)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'color-mix(in oklab, var(--accent) 28%, transparent)',
  },
  '.cm-selectionMatch, .cm-searchMatch': { backgroundColor: 'var(--changed)' },
  '.cm-searchMatch.cm-searchMatch-selected': { outline: '1px solid var(--changed-ink)' },
  '&.cm-focused .cm-matchingBracket, .cm-matchingBracket': { backgroundColor: 'var(--run-soft)' },
  '&.cm-focused .cm-nonmatchingBracket': { backgroundColor: 'var(--bad-soft)' },
  '.cm-foldPlaceholder': {
    backgroundColor: 'var(--sunk)',
    borderColor: 'var(--rule)',
    color: 'var(--ink-2)',
  },
  '.cm-panels': { backgroundColor: 'var(--sunk)', color: 'var(--ink)', borderColor: 'var(--rule)' },
  '.cm-panels .cm-textfield': {
    backgroundColor: 'var(--sheet)',
    color: 'var(--ink)',
    borderColor: 'var(--rule-strong)',
  },
  '.cm-panels .cm-button': {
    backgroundColor: 'var(--sheet)',
    backgroundImage: 'none',
    color: 'var(--ink)',
    borderColor: 'var(--rule-strong)',
  },
  '.cm-panels [name=close]': { color: 'var(--ink-2)' },
  '.cm-tooltip': {
    backgroundColor: 'var(--sheet)',
    color: 'var(--ink)',
    border: '1px solid var(--rule-strong)',
    borderRadius: 'var(--radius)',
  },
  '.cm-tooltip-autocomplete ul li[aria-selected]': {
    backgroundColor: 'var(--accent)',
    color: 'var(--on-accent)',
  },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--bad)' },
})
