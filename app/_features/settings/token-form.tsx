'use client'

import { useState, type ReactNode } from 'react'
import { Copy, Fault } from '../../_components/page.tsx'

interface Props {
  /** What the name says, for those who do not see the placeholder. */
  label: string
  placeholder: string
  button: string
  pending: boolean
  error: { message: string } | null
  /** Of the token that was just made. */
  secret: string | undefined
  /** `made` is told when there is one: the next has another name. */
  onMake: (name: string, made: () => void) => void
  /** It is what the page is for. */
  primary?: boolean
  /** Stands under the secret. */
  children?: ReactNode
}

/** Makes a token by its name, and shows its secret the only time that it can be seen. */
export function TokenForm(props: Props) {
  const [name, setName] = useState('')
  return (
    <form
      className="pad"
      onSubmit={(event) => {
        event.preventDefault()
        props.onMake(name, () => setName(''))
      }}
    >
      <input
        className="input"
        aria-label={props.label}
        placeholder={props.placeholder}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />{' '}
      <button
        type="submit"
        className={props.primary === true ? 'btn primary' : 'btn'}
        disabled={props.pending}
      >
        {props.button}
      </button>
      {props.error !== null && <Fault error={props.error} />}
      {props.secret !== undefined && (
        <p className="once">
          Shown once: <code className="mono">{props.secret}</code> <Copy text={props.secret} label="token" />
          {props.children}
        </p>
      )}
    </form>
  )
}
