/** One ref of a push. */
export interface RefUpdate {
  /** Full name. */
  ref: string
  /** 40 zeros for a ref that is new. */
  oldSha: string
  /** 40 zeros for a ref that is deleted. */
  newSha: string
  /** The commit that an annotated tag names, where `newSha` is not that. */
  commit?: string
}
