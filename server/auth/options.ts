/** next-auth, set up for one-time links; everyone else sees `session()` and `Actor` only. */
import type { NextAuthOptions } from 'next-auth'
import Credentials from 'next-auth/providers/credentials'
import { endSessions } from '#db/queries/sign-in.ts'
import { useSignInLink } from '../services/session/sign-in-link.ts'
import { webContext } from '../web-context.ts'

/** How long a session lasts without being used, in seconds. */
const sessionSeconds = 30 * 24 * 3600

export function authOptions(): NextAuthOptions {
  const { db, sessionSecret, publicUrl } = webContext()
  return {
    secret: sessionSecret,
    useSecureCookies: publicUrl.startsWith('https:'),
    session: { strategy: 'jwt', maxAge: sessionSeconds },
    pages: { signIn: '/sign-in', error: '/sign-in' },
    providers: [
      Credentials({
        id: 'link',
        name: 'Sign-in link',
        credentials: { token: { type: 'text' } },
        authorize: async (credentials) => {
          const used = await useSignInLink(db, credentials?.token ?? '')
          return used === null ? null : { id: used.userId, epoch: used.epoch }
        },
      }),
    ],
    events: {
      // The cookie alone would still be good for whoever kept a copy.
      signOut: async ({ token }) => {
        if (typeof token.sub === 'string') await endSessions(db, token.sub)
      },
    },
    callbacks: {
      jwt: ({ token, user }) =>
        user === undefined ? token : { sub: user.id, epoch: 'epoch' in user ? user.epoch : '' },
      session: ({ session, token }) => ({ ...session, userId: token.sub, epoch: token['epoch'] }),
    },
  }
}
