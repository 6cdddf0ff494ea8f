// JavaScript, for Next would load its compiler to read TypeScript, at each start.
import { buildFolder } from './server/config/web.ts'

const policy = [
  "default-src 'self'",
  // Next writes its data into inline scripts.
  "script-src 'self' 'unsafe-inline'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

/** @type {import('next').NextConfig} */
const config = {
  distDir: buildFolder(),
  poweredByHeader: false,
  // `npm run verify` checks types with TypeScript 7, which Next cannot call.
  // It also rewrites the tsconfig it is given: this one is made for it, and kept out of git.
  typescript: { ignoreBuildErrors: true, tsconfigPath: '.build-tsconfig.json' },
  turbopack: { root: import.meta.dirname },
  serverExternalPackages: ['pg', 'drizzle-orm'],
  headers: () =>
    Promise.resolve([
      {
        source: '/:path*',
        headers: [
          { key: 'Content-Security-Policy', value: policy },
          { key: 'Referrer-Policy', value: 'no-referrer' },
          { key: 'X-Content-Type-Options', value: 'nosniff' },
        ],
      },
    ]),
}

export default config
