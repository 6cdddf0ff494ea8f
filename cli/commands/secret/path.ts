export const secretsPath = (team: string): string => `/teams/${encodeURIComponent(team)}/secrets`
export const secretPath = (team: string, name: string): string =>
  `${secretsPath(team)}/${encodeURIComponent(name)}`
