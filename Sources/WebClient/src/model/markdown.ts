// What people write, taken apart into blocks and spans. The result is a tree that the view draws node by node: no text ever
// becomes markup. Every step takes time in proportion to the length, whatever is written.

export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'strong' | 'emphasis' | 'underline' | 'strike' | 'spoiler'; children: Inline[] }
  | { kind: 'code'; text: string }
  | { kind: 'link'; url: string; children: Inline[] }
  | { kind: 'user' | 'role' | 'channel'; id: string }
  | { kind: 'everyone'; word: string }

export type Block =
  | { kind: 'paragraph'; children: Inline[] }
  | { kind: 'heading'; level: 1 | 2 | 3; children: Inline[] }
  | { kind: 'code'; language: string; text: string }
  | { kind: 'quote'; children: Block[] }
  | { kind: 'list'; start: number | null; items: { depth: number; children: Inline[] }[] }

/** The longest label of `[label](address)`, characters: how far one looks for its end. */
const LONGEST_LABEL = 300
/** The longest address. */
const LONGEST_ADDRESS = 2_000

// MARK: Blocks

export function parseMarkdown(text: string): Block[] {
  const blocks: Block[] = []
  let position = 0
  while (position < text.length) {
    const open = text.indexOf('```', position)
    const close = open < 0 ? -1 : text.indexOf('```', open + 3)
    if (close < 0) break
    const code = text.slice(open + 3, close)
    if (code.trim() === '') {
      blocks.push(...lines(text.slice(position, close + 3), true))
    } else {
      blocks.push(...lines(text.slice(position, open), true), codeBlock(code))
    }
    position = close + 3
    // The line break behind the fence belongs to it.
    if (text[position] === '\n') position += 1
  }
  blocks.push(...lines(text.slice(position), true))
  return blocks
}

function codeBlock(code: string): Block {
  const end = code.indexOf('\n')
  const first = end < 0 ? '' : code.slice(0, end).trim()
  const isLanguage = end >= 0 && /^[\w+#.-]{0,20}$/.test(first)
  const text = isLanguage ? code.slice(end + 1) : code
  return { kind: 'code', language: isLanguage ? first.toLowerCase() : '', text: text.replace(/\n$/, '') }
}

/** Blocks of a text without fences. Quotes hold everything but quotes. */
function lines(text: string, withQuotes: boolean): Block[] {
  if (text === '' || text === '\n') return []
  const blocks: Block[] = []
  let paragraph: string[] = []
  const flush = (): void => {
    if (paragraph.length > 0) blocks.push({ kind: 'paragraph', children: parseInline(paragraph.join('\n')) })
    paragraph = []
  }
  const all = text.replace(/\n$/, '').split('\n')
  for (let index = 0; index < all.length; index += 1) {
    const line = all[index] ?? ''
    if (withQuotes && line.startsWith('>>> ')) {
      flush()
      blocks.push({ kind: 'quote', children: lines([line.slice(4), ...all.slice(index + 1)].join('\n'), false) })
      return blocks
    }
    if (withQuotes && (line.startsWith('> ') || line === '>')) {
      flush()
      const quoted: string[] = []
      while (index < all.length && ((all[index] ?? '').startsWith('> ') || all[index] === '>')) {
        quoted.push((all[index] ?? '').slice(2))
        index += 1
      }
      index -= 1
      blocks.push({ kind: 'quote', children: lines(quoted.join('\n'), false) })
      continue
    }
    const heading = /^(#{1,3}) (?=\S)/.exec(line)
    if (heading) {
      flush()
      blocks.push({ kind: 'heading', level: heading[1]!.length as 1 | 2 | 3, children: parseInline(line.slice(heading[0].length)) })
      continue
    }
    const item = listItem(line)
    if (item) {
      flush()
      const last = blocks[blocks.length - 1]
      const entry = { depth: item.depth, children: parseInline(item.text) }
      const isSame = last?.kind === 'list' && index > 0 && listItem(all[index - 1] ?? '') !== null && (last.start === null) === (item.start === null)
      if (isSame && last?.kind === 'list') last.items.push(entry)
      else blocks.push({ kind: 'list', start: item.start, items: [entry] })
      continue
    }
    paragraph.push(line)
  }
  flush()
  return blocks
}

function listItem(line: string): { depth: number; start: number | null; text: string } | null {
  const match = /^( {0,12})(?:[-*]|(\d{1,9})\.) (?=\S)/.exec(line)
  if (!match) return null
  const depth = Math.min(3, Math.floor((match[1] ?? '').length / 2))
  return { depth, start: match[2] === undefined ? null : Number(match[2]), text: line.slice(match[0].length) }
}

// MARK: Spans

const marks = { '**': 'strong', '__': 'underline', '~~': 'strike', '||': 'spoiler', '*': 'emphasis', '_': 'emphasis' } as const
type Mark = keyof typeof marks

/** An opened mark and what stands behind it so far. */
interface Frame {
  mark: Mark | null
  children: Inline[]
}

export function parseInline(text: string, withLinks = true): Inline[] {
  return new InlineReader(text, withLinks).read()
}

class InlineReader {
  private position = 0
  private plain = ''
  /** Each mark is open at most once, so this stays short and unwinding it costs little. */
  private readonly frames: Frame[] = [{ mark: null, children: [] }]
  /** Lengths of runs of backticks that nothing closes. */
  private readonly unclosed = new Set<number>()

  constructor(private readonly text: string, private readonly withLinks: boolean) {}

  read(): Inline[] {
    while (this.position < this.text.length) {
      if (!this.readSpecial()) {
        this.plain += this.text[this.position]
        this.position += 1
      }
    }
    this.flush()
    while (this.frames.length > 1) this.unwind()
    return this.frames[0]!.children
  }

  private readSpecial(): boolean {
    switch (this.text[this.position]) {
      case '\\': return this.readEscape()
      case '`': return this.readCode()
      case '<': return this.readAngle()
      case '@': return this.readEveryone()
      case '[': return this.withLinks && this.readLabelled()
      case 'h': return this.withLinks && this.readAddress()
      case '*': case '_': case '~': case '|': return this.readMark()
      default: return false
    }
  }

  private get top(): Frame { return this.frames[this.frames.length - 1]! }

  private flush(): void {
    if (this.plain) push(this.top.children, { kind: 'text', text: this.plain })
    this.plain = ''
  }

  private add(node: Inline, length: number): true {
    this.flush()
    push(this.top.children, node)
    this.position += length
    return true
  }

  /** An opened mark that nothing closes is the characters that it is written with. */
  private unwind(): void {
    const frame = this.frames.pop()!
    push(this.top.children, { kind: 'text', text: frame.mark ?? '' })
    for (const child of frame.children) push(this.top.children, child)
  }

  private readEscape(): boolean {
    const next = this.text[this.position + 1] ?? ''
    if (!/^[\\`*_~|<>[\]()#@:.+-]$/.test(next)) return false
    this.plain += next
    this.position += 2
    return true
  }

  private readCode(): boolean {
    let end = this.position
    while (this.text[end] === '`') end += 1
    const length = end - this.position
    if (!this.unclosed.has(length)) {
      let at = end
      while (at < this.text.length) {
        if (this.text[at] !== '`') { at += 1; continue }
        let close = at
        while (this.text[close] === '`') close += 1
        if (close - at === length) {
          const inner = this.text.slice(end, at)
          // A space at both ends lets code begin with a backtick.
          const code = /^ .*[^ ].* $/s.test(inner) ? inner.slice(1, -1) : inner
          return this.add({ kind: 'code', text: code }, close - this.position)
        }
        at = close
      }
      this.unclosed.add(length)
    }
    this.plain += this.text.slice(this.position, end)
    this.position = end
    return true
  }

  /** `<@id>`, `<@&id>`, `<#id>`, `<https://…>`. */
  private readAngle(): boolean {
    const mention = /^<(@&|@|#)([0-9a-f]{16})>/.exec(this.text.slice(this.position, this.position + 22))
    if (mention) {
      const kind = mention[1] === '@' ? 'user' : mention[1] === '@&' ? 'role' : 'channel'
      return this.add({ kind, id: mention[2]! }, mention[0].length)
    }
    if (!this.withLinks || this.text[this.position + 1] !== 'h') return false
    const written = addressAt(this.text, this.position + 1, false)
    const url = this.text[this.position + 1 + written.length] === '>' ? safeAddress(written) : null
    return url ? this.add({ kind: 'link', url, children: [{ kind: 'text', text: written }] }, written.length + 2) : false
  }

  private readEveryone(): boolean {
    const word = /^@(?:everyone|here)(?![\p{L}\p{N}_])/u.exec(this.text.slice(this.position, this.position + 11))?.[0]
    if (!word || isWordCharacter(this.text[this.position - 1])) return false
    return this.add({ kind: 'everyone', word }, word.length)
  }

  private readAddress(): boolean {
    if (isWordCharacter(this.text[this.position - 1])) return false
    const written = addressAt(this.text, this.position, true)
    const url = safeAddress(written)
    return url ? this.add({ kind: 'link', url, children: [{ kind: 'text', text: written }] }, written.length) : false
  }

  /** `[label](https://…)`. A label that looks like an address would be a trap: it stays as it was written. */
  private readLabelled(): boolean {
    const near = this.text.slice(this.position, this.position + LONGEST_LABEL)
    const middle = near.indexOf('](')
    if (middle < 2) return false
    const label = near.slice(1, middle)
    const written = addressAt(this.text, this.position + middle + 2, false)
    const end = this.position + middle + 2 + written.length
    const url = this.text[end] === ')' ? safeAddress(written) : null
    if (!url || !label.trim() || /[\n[]/.test(label) || looksLikeAddress(label)) return false
    return this.add({ kind: 'link', url, children: parseInline(label, false) }, end + 1 - this.position)
  }

  private readMark(): boolean {
    const character = this.text[this.position]!
    let run = 1
    while (run < 4 && this.text[this.position + run] === character) run += 1
    const double = (character + character) as Mark
    const single = character as Mark
    const hasSingle = single in marks
    // `***both***`: what was opened last is closed first.
    const closesSingle = hasSingle && this.top.mark === single && run !== 2
    if (run >= 2 && !closesSingle && this.toggle(double)) return true
    return hasSingle && (run === 1 || closesSingle || run === 3) && this.toggle(single)
  }

  private toggle(mark: Mark): boolean {
    const before = this.text[this.position - 1]
    const after = this.text[this.position + mark.length]
    const isWordly = mark[0] === '_'
    const depth = this.frames.findIndex((frame) => frame.mark === mark)
    if (depth > 0) {
      const isEmpty = this.frames.length - 1 === depth && this.plain === '' && this.top.children.length === 0
      if (isEmpty || (mark.length === 1 && isSpace(before)) || (isWordly && isWordCharacter(after))) return false
      this.flush()
      while (this.frames.length - 1 > depth) this.unwind()
      const { children } = this.frames.pop()!
      this.position += mark.length
      push(this.top.children, { kind: marks[mark], children })
      return true
    }
    if (after === undefined || (mark !== '||' && isSpace(after)) || (isWordly && isWordCharacter(before))) return false
    this.flush()
    this.frames.push({ mark, children: [] })
    this.position += mark.length
    return true
  }
}

/** Texts that come to stand next to each other become one. */
function push(nodes: Inline[], node: Inline): void {
  const last = nodes[nodes.length - 1]
  if (node.kind === 'text' && node.text === '') return
  if (node.kind === 'text' && last?.kind === 'text') nodes[nodes.length - 1] = { kind: 'text', text: last.text + node.text }
  else nodes.push(node)
}

const isSpace = (character: string | undefined): boolean => character === undefined || /^\s$/.test(character)
const isWordCharacter = (character: string | undefined): boolean => character !== undefined && /^[\p{L}\p{N}_]$/u.test(character)

// MARK: Addresses

/** The address that is written at `start`; without the punctuation that closes a sentence where `isBare`. */
function addressAt(text: string, start: number, isBare: boolean): string {
  if (!text.startsWith('http://', start) && !text.startsWith('https://', start)) return ''
  let end = start
  let open = 0
  while (end < text.length && end - start < LONGEST_ADDRESS) {
    const character = text[end]!
    if (/[\s<>"`]/.test(character) || (isBare && (character === '|' || character === '\\'))) break
    if (character === '(') open += 1
    if (character === ')') {
      if (open === 0) break
      open -= 1
    }
    end += 1
  }
  if (isBare) while (end > start && /[.,;:!?'*_~\]]/.test(text[end - 1]!)) end -= 1
  return text.slice(start, end)
}

/** The address if it may be followed: http and https, without a name and password in it that only deceive. */
export function safeAddress(written: string): string | null {
  try {
    const url = new URL(written)
    const isPlain = (url.protocol === 'https:' || url.protocol === 'http:') && url.username === '' && url.password === ''
    return isPlain && url.hostname !== '' ? url.href : null
  } catch {
    return null
  }
}

const looksLikeAddress = (label: string): boolean => /:\/\/|^\s*www\.|^\s*[\w-]+(\.[\w-]+)+\s*$/i.test(label)

// MARK: Whole messages

const ONLY_EMOJI = /^(?:(?:\p{Extended_Pictographic}[\u{1F3FB}-\u{1F3FF}]?\uFE0F?(?:\u200D\p{Extended_Pictographic}[\u{1F3FB}-\u{1F3FF}]?\uFE0F?)*|\p{Regional_Indicator}{2}|[0-9#*]\uFE0F?\u20E3)\s*)+$/u

/** Whether a message is nothing but a few emojis, which are shown large. */
export function isOnlyEmoji(text: string): boolean {
  return text.length <= 120 && ONLY_EMOJI.test(text.trim())
}

/** The text of a message on one line, for quotes, notifications and lists. */
export function plainText(nodes: (Block | Inline)[], name: (node: Inline) => string): string {
  return nodes.map((node): string => {
    switch (node.kind) {
      case 'text': case 'code': return node.text
      case 'spoiler': return '▒▒▒'
      case 'user': case 'role': case 'channel': case 'everyone': return name(node)
      case 'list': return node.items.map((item) => plainText(item.children, name)).join(' ')
      default: return plainText(node.children, name)
    }
  }).join('').replace(/\s+/g, ' ')
}

/** Characters that turn the direction of writing, or show nothing: they hide what a name really is. */
export const withoutTricks = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, '')
