/** What is typed and not committed: kept in this browser, per person, DAG and branch, until it is committed or dropped. */

export interface Draft {
  /** The commit it was typed upon, and the file's text there. */
  base: string
  baseText: string
  text: string
  /** RFC 3339. */
  at: string
}

export type DraftStore = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

export const draftKey = (email: string, dag: string, branch: string): string =>
  `dagbok-draft ${email} ${dag} ${branch}`

/** null also when what is stored is no draft. */
export function readDraft(store: DraftStore, key: string): Draft | null {
  try {
    const draft = JSON.parse(store.getItem(key) ?? 'null') as Partial<Draft> | null
    if (draft === null || typeof draft !== 'object') return null
    const { base, baseText, text, at } = draft
    const texts = [base, baseText, text, at].every((one) => typeof one === 'string')
    return texts ? (draft as Draft) : null
  } catch {
    return null
  }
}

/** @returns whether it is kept: a browser's storage may be full or off */
export function keepDraft(store: DraftStore, key: string, draft: Draft): boolean {
  try {
    if (draft.text === draft.baseText) store.removeItem(key)
    else store.setItem(key, JSON.stringify(draft))
    return true
  } catch {
    return false
  }
}

export function dropDraft(store: DraftStore, key: string): void {
  try {
    store.removeItem(key)
  } catch {
    // Storage that is off holds no draft either.
  }
}
