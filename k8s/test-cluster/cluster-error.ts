/** What a person can read and mend; its message is all that is shown. */
export class ClusterError extends Error {}
