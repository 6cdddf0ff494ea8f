import type { Metadata } from 'next'
import { SettingsPage } from '../../_features/settings/settings-page.tsx'

export const metadata: Metadata = { title: 'settings' }

export default function Page() {
  return <SettingsPage />
}
