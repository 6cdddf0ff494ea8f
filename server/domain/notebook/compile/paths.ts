/** Repository paths: `/` between names, no leading one, `''` is the root. */

export const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))

/** `relative` as written in a file of `folder`, as a repository path; null when it leaves the repository. */
export function resolvePath(folder: string, relative: string): string | null {
  if (relative.startsWith('/') || relative.includes('\0') || relative.includes('\\')) return null
  const out = folder === '' ? [] : folder.split('/')
  for (const part of relative.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') out.push(part)
    else if (out.pop() === undefined) return null
  }
  return out.join('/')
}
