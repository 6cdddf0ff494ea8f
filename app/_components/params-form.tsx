'use client'

import type { Json } from '#server/domain/json.ts'

type Schema = Record<string, Json>

const shown = (value: Json | undefined): string =>
  value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)

/** What was typed, as the schema's types; what is not of its type goes as text, and the server says so. */
export function readParams(
  properties: Record<string, Schema>,
  texts: Record<string, string>,
): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(texts).flatMap(([name, text]): [string, Json][] => {
      const type = properties[name]?.['type']
      if (properties[name] === undefined) return []
      if (type === 'string') return [[name, text]]
      if (text.trim() === '') return []
      try {
        return [[name, JSON.parse(text) as Json]]
      } catch {
        return [[name, text]]
      }
    }),
  )
}

interface Props {
  properties: Record<string, Schema>
  texts: Record<string, string>
  onChange: (name: string, text: string) => void
}

/** A field per param: a choice for an enum or a boolean, a number with its bounds, JSON for the rest. */
export function ParamsForm({ properties, texts, onChange }: Props) {
  return Object.entries(properties).map(([name, schema]) => {
    const value = texts[name] ?? shown(schema['default'])
    const choices = Array.isArray(schema['enum'])
      ? schema['enum'].map(shown)
      : schema['type'] === 'boolean'
        ? ['true', 'false']
        : null
    const number = schema['type'] === 'integer' || schema['type'] === 'number'
    const bound = (key: string) => (typeof schema[key] === 'number' ? schema[key] : undefined)
    return (
      <label className="field" key={name}>
        <span>
          {shown(schema['title']) || name} <code className="mono muted">{name}</code>
        </span>
        {choices === null ? (
          <input
            className="input"
            type={number ? 'number' : 'text'}
            step={schema['type'] === 'number' ? 'any' : undefined}
            min={bound('minimum')}
            max={bound('maximum')}
            value={value}
            onChange={(event) => onChange(name, event.target.value)}
          />
        ) : (
          <select className="input" value={value} onChange={(event) => onChange(name, event.target.value)}>
            {choices.map((choice) => (
              <option key={choice}>{choice}</option>
            ))}
          </select>
        )}
        {typeof schema['description'] === 'string' && <small>{schema['description']}</small>}
      </label>
    )
  })
}
