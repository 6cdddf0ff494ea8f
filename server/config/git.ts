/** Where git and what it calls are found: the search path of this process, and nothing else of its environment. */
export const gitPath = (): string => process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin'
