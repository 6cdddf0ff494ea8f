'use client'

import { choiceTexts, typedText, type ParamSchema } from './params.ts'

interface Props {
  properties: Record<string, ParamSchema>
  texts: Record<string, string>
  onChange: (name: string, text: string) => void
}

/** A field per param: a choice for an enum or a boolean, a number with its bounds, JSON for the rest. */
export function ParamsForm({ properties, texts, onChange }: Props) {
  return Object.entries(properties).map(([name, schema]) => {
    const value = texts[name] ?? typedText(schema['default'])
    const choices = choiceTexts(schema)
    const title = typedText(schema['title'])
    const number = schema['type'] === 'integer' || schema['type'] === 'number'
    const bound = (key: string) => (typeof schema[key] === 'number' ? schema[key] : undefined)
    return (
      <label className="field" key={name}>
        <span>
          {title === '' ? null : `${title} `}
          <code className={title === '' ? 'mono' : 'mono muted'}>{name}</code>
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
              <option key={choice} value={choice}>
                {choice === '' ? 'choose …' : choice}
              </option>
            ))}
          </select>
        )}
        {typeof schema['description'] === 'string' && <small>{schema['description']}</small>}
      </label>
    )
  })
}
