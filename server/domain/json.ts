/** A JSON value, as it is stored in `jsonb`, sent over the wire, or read by an expression. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
