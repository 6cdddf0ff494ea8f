'use client'

import { Contrast } from 'lucide-react'
import { useTheme } from 'next-themes'

const next: Record<string, string> = { system: 'light', light: 'dark', dark: 'system' }

/** System, light, dark, in turn. */
export function ThemeButton() {
  const { theme, setTheme } = useTheme()
  return (
    <button
      type="button"
      aria-label="Change the theme"
      title="Theme: system, light, dark"
      onClick={() => setTheme(next[theme ?? 'system'] ?? 'system')}
    >
      <Contrast aria-hidden />
    </button>
  )
}
