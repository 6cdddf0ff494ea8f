/** A file of a bundle: repository path, git mode (`100644`, `100755`, `120000`) and blob id (40 hex). */
export interface BundleEntry {
  path: string
  mode: string
  blob: string
}
