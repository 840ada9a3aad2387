// What is typed into the search: which filter is being written, and what could follow. The server reads it by itself.

export const filters = ['from', 'in', 'has', 'before', 'after', 'mentions', 'pinned'] as const
export type Filter = typeof filters[number]
export const contents = ['link', 'image', 'video', 'file'] as const

/** The word that is being typed at the end, and the filter that it belongs to. */
export function typedFilter(query: string): { filter: Filter | null; value: string; start: number } {
  const start = query.lastIndexOf(' ') + 1
  const word = query.slice(start)
  const colon = word.indexOf(':')
  const filter = colon > 0 ? filters.find((name) => name === word.slice(0, colon).toLowerCase()) ?? null : null
  return filter ? { filter, value: word.slice(colon + 1), start } : { filter: null, value: word, start }
}

/** A value as the server wants it: in quotes where it has spaces. */
export const quoted = (value: string): string => (/\s/.test(value) ? `"${value.replace(/"/g, '')}"` : value)
