/** Someone who was recognised. Permission is decided from `teams` in one place, never in a page. */
export interface Actor {
  userId: string
  name: string
  email: string
  teams: { id: string; name: string; role: 'owner' | 'editor' | 'viewer' }[]
  /** How they proved it. */
  via: 'session' | 'token'
}
