'use client'

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
      <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.6">
        <circle cx="12" cy="12" r="7" />
        <path d="M12 5a7 7 0 0 1 0 14z" fill="currentColor" />
      </svg>
    </button>
  )
}
