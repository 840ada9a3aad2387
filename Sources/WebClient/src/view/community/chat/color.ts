// Colours of roles, as the sheet darkens them where the page is light.

import type { CSSProperties } from 'react'

export const nameColor = (color: string | null): CSSProperties | undefined =>
  (color ? { '--name': color } as CSSProperties : undefined)
