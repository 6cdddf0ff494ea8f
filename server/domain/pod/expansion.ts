/**
 * Our texts as Kubernetes has to be given them. It expands `$(NAME)` in commands, arguments and the values of variables, as we
 * do in the first two; but where we take `$$(` alone for an escape, it takes every `$$`, and so would make `$` of the
 * shell's own `$$`. What we mean literally is therefore escaped, and a reference is left for it to expand.
 */

/** A text in which Kubernetes finds nothing to expand. */
export const literal = (text: string): string => text.replaceAll('$', '$$$$')

/** A text of `command` or `args`: Kubernetes makes of it what `$(NAME)` and `$$(` mean in a notebook. */
export const expandable = (text: string): string =>
  text.replaceAll(/\$\$\(|\$\([A-Za-z_][A-Za-z0-9_]*\)|\$/g, (found) => (found === '$' ? '$$' : found))
