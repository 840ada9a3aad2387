// Colours for code: one reader for a handful of languages, which knows words, strings, numbers and comments. Linear.

export type TokenKind = 'plain' | 'keyword' | 'string' | 'number' | 'comment'

export interface Token {
  kind: TokenKind
  text: string
}

interface Grammar {
  keywords: Set<string>
  lineComments: string[]
  blockComment: [string, string] | null
  quotes: string
  ignoresCase?: boolean
}

const words = (text: string): Set<string> => new Set(text.split(' '))
const cStyle = { lineComments: ['//'], blockComment: ['/*', '*/'] as [string, string], quotes: '"\'' }

const grammars: Record<string, Grammar> = {
  javascript: { ...cStyle, quotes: '"\'`', keywords: words('as async await break case catch class const continue default delete do else enum export extends false finally for from function get if implements import in instanceof interface let new null of private protected public readonly return set static super switch this throw true try type typeof undefined var void while yield') },
  swift: { ...cStyle, quotes: '"', keywords: words('actor any as associatedtype async await break case catch class continue default defer deinit do else enum extension fallthrough false fileprivate for func guard if import in init inout internal is let nil open operator private protocol public repeat rethrows return self Self some static struct subscript super switch throw throws true try typealias var where while') },
  python: { lineComments: ['#'], blockComment: null, quotes: '"\'', keywords: words('False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda match nonlocal not or pass raise return try while with yield') },
  c: { ...cStyle, keywords: words('auto bool break case catch char class const constexpr continue default delete do double else enum explicit extern false float for fn func go goto if impl import inline int interface let long match mod mut namespace new nil null nullptr package private protected public range return short signed sizeof static string struct super switch template this throw trait true try type typedef typename union unsigned use using var virtual void volatile where while') },
  shell: { lineComments: ['#'], blockComment: null, quotes: '"\'', keywords: words('case cd do done echo elif else esac exit export fi for function if in local read return set shift sudo then unset until while') },
  sql: { lineComments: ['--'], blockComment: ['/*', '*/'], quotes: '"\'', ignoresCase: true, keywords: words('add all alter and as asc begin between by case check commit create cross delete desc distinct drop else end exists foreign from group having if in index inner insert into is join key left like limit not null on or order outer primary references right rollback select set table then union unique update using values view when where with') },
  json: { lineComments: [], blockComment: null, quotes: '"', keywords: words('true false null') },
  css: { lineComments: [], blockComment: ['/*', '*/'], quotes: '"\'', keywords: words('important media import supports keyframes layer from to') },
  html: { lineComments: [], blockComment: ['<!--', '-->'], quotes: '"', keywords: words('html head body div span script style link meta title p a ul ol li img input form button table tr td th h1 h2 h3') },
}

const aliases: Record<string, string> = {
  js: 'javascript', jsx: 'javascript', ts: 'javascript', tsx: 'javascript', typescript: 'javascript', mjs: 'javascript', py: 'python', cpp: 'c', 'c++': 'c',
  h: 'c', cs: 'c', 'c#': 'c', java: 'c', kotlin: 'c', kt: 'c', go: 'c', rust: 'c', rs: 'c', php: 'c', sh: 'shell', bash: 'shell', zsh: 'shell', console: 'shell',
  xml: 'html', svg: 'html', yaml: 'python', yml: 'python', toml: 'python', scss: 'css',
}

/** The tokens of `code`; put together again they are the code. */
export function highlight(code: string, language: string): Token[] {
  const name = aliases[language] ?? language
  const grammar = Object.prototype.hasOwnProperty.call(grammars, name) ? grammars[name] : undefined
  if (!grammar) return [{ kind: 'plain', text: code }]
  const tokens: Token[] = []
  let position = 0
  const take = (kind: TokenKind, end: number): void => {
    const text = code.slice(position, end)
    const last = tokens[tokens.length - 1]
    if (last?.kind === kind) last.text += text
    else tokens.push({ kind, text })
    position = end
  }
  while (position < code.length) {
    const comment = commentEnd(code, position, grammar)
    if (comment > position) take('comment', comment)
    else if (grammar.quotes.includes(code[position]!)) take('string', stringEnd(code, position))
    else if (isLetter(code[position]!)) {
      let end = position
      while (end < code.length && (isLetter(code[end]!) || isDigit(code[end]!))) end += 1
      const word = code.slice(position, end)
      take(grammar.keywords.has(grammar.ignoresCase ? word.toLowerCase() : word) ? 'keyword' : 'plain', end)
    } else if (isDigit(code[position]!)) {
      let end = position
      while (end < code.length && (isDigit(code[end]!) || isLetter(code[end]!) || code[end] === '.')) end += 1
      take('number', end)
    } else take('plain', position + 1)
  }
  return tokens
}

function commentEnd(code: string, start: number, grammar: Grammar): number {
  if (grammar.lineComments.some((mark) => code.startsWith(mark, start))) {
    const end = code.indexOf('\n', start)
    return end < 0 ? code.length : end
  }
  const block = grammar.blockComment
  if (!block || !code.startsWith(block[0], start)) return start
  const end = code.indexOf(block[1], start + block[0].length)
  return end < 0 ? code.length : end + block[1].length
}

/** Behind the closing quote, or at the end of the line where there is none. */
function stringEnd(code: string, start: number): number {
  const quote = code[start]
  let end = start + 1
  while (end < code.length && code[end] !== quote && (code[end] !== '\n' || quote === '`')) end += code[end] === '\\' ? 2 : 1
  return Math.min(code.length, code[end] === quote ? end + 1 : end)
}

const isDigit = (character: string): boolean => character >= '0' && character <= '9'
const isLetter = (character: string): boolean => /^[\p{L}_$@]$/u.test(character)
